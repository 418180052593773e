// SPDX-License-Identifier: GPL-2.0-or-later

// Founding is the program that Sundial was started for: a server-like Go program that
// wakes often, looks at the clock much and computes little. In every virtual second its
// 56 goroutines make about 12,700 clock reads; Go's own scheduler makes about 1,700
// nanosleeps and 1,200 epoll waits of what they do. The bench shows the mix it sees.
//
//	founding SECONDS
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	workers = 56
	// One wake-up of a worker every period, at a phase of its own.
	period = 48 * time.Millisecond
	// Clock reads of a worker at each wake-up, beside those of Go's scheduler.
	reads = 2
)

var latest, wakes int64

// look reads the clock as programs do that take times of everything.
func look(count int) {
	for i := 0; i < count; i++ {
		atomic.StoreInt64(&latest, time.Now().UnixNano())
	}
}

// worker wakes by a ticker and hands one byte to a pipe, whose reader is woken by epoll.
func worker(n int, pipe *os.File, end <-chan struct{}, group *sync.WaitGroup) {
	defer group.Done()
	time.Sleep(time.Duration(n) * period / workers)
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			atomic.AddInt64(&wakes, 1)
			look(reads)
			pipe.Write([]byte{byte(n)})
		case <-end:
			return
		}
	}
}

func main() {
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	runtime.GOMAXPROCS(4)
	reader, writer, err := os.Pipe()
	if err != nil {
		os.Exit(2)
	}
	end := make(chan struct{})
	var group sync.WaitGroup
	go func() {
		buffer := make([]byte, 64)
		for {
			if _, err := reader.Read(buffer); err != nil {
				return
			}
			look(1)
		}
	}()
	for n := 0; n < workers; n++ {
		group.Add(1)
		go worker(n, writer, end, &group)
	}
	time.Sleep(time.Duration(seconds) * time.Second)
	close(end)
	group.Wait()
	fmt.Println("wakes per second:", wakes/int64(seconds))
}
