// SPDX-License-Identifier: GPL-2.0-or-later

// Cgo is a dynamically linked Go guest: goroutines call C functions that block, so
// that Go's threads and the C library's share one process.
package main

/*
#include <pthread.h>
#include <time.h>

static long long sleep_ns(long long ns)
{
	struct timespec ts = {ns / 1000000000, ns % 1000000000}, start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	nanosleep(&ts, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return (end.tv_sec - start.tv_sec) * 1000000000LL + end.tv_nsec - start.tv_nsec;
}

static void *thread(void *arg)
{
	*(long long *)arg = sleep_ns(*(long long *)arg);
	return NULL;
}

static long long in_thread(long long ns)
{
	pthread_t id;

	if (pthread_create(&id, NULL, thread, &ns) || pthread_join(id, NULL))
		return -1;
	return ns;
}
*/
import "C"

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"sync"
	"time"
)

func main() {
	seconds, err := strconv.ParseFloat(os.Getenv("UNIT"), 64)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	unit := int64(seconds * 1e9)
	var group sync.WaitGroup
	slept := make([]int64, 20)
	start := time.Now()
	for i := range slept {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			ns := C.longlong(int64(i%4+1) * unit)
			if i%2 == 0 {
				slept[i] = int64(C.sleep_ns(ns))
			} else {
				slept[i] = int64(C.in_thread(ns))
			}
		}(i)
	}
	group.Wait()
	for i := range slept {
		slept[i] = (slept[i] + unit/2) / unit
	}
	fmt.Println("cgo:", slept, "in", (int64(time.Since(start))+unit/2)/unit)
	me, err := user.Current()
	fmt.Println("cgo: user", err == nil && me.Uid == strconv.Itoa(os.Getuid()))
	os.Exit(9)
}
