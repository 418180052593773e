// SPDX-License-Identifier: GPL-2.0-or-later

// Founding is the program that Sundial was started for: a server-like Go program that
// wakes often, looks at the clock much, waits for something slow now and then, and
// computes little. In a virtual second its 60 goroutines make about 12,700 clock reads;
// Go's own scheduler makes about 1,700 nanosleeps and 1,200 epoll waits of what they do.
// The bench shows the mix it sees.
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
	"syscall"
	"time"
)

const (
	workers = 56
	// One wake-up of a worker every period, at a phase of its own.
	period = 312 * time.Millisecond
	// Looks at the clock at each wake-up: two reads each, real and monotonic.
	looks = 18
	// How long the slow calls take, one after the other.
	slow = 34 * time.Millisecond
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
			look(looks)
			pipe.Write([]byte{byte(n)})
		case <-end:
			return
		}
	}
}

// slowCalls blocks in one system call after the other, as reads of a slow disk would:
// Go's monitor thread watches such a call with many short sleeps before it gives the
// processor to somebody else.
func slowCalls() error {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		return err
	}
	go func() {
		for range time.Tick(slow) {
			syscall.Write(pipe[1], []byte{1})
		}
	}()
	go func() {
		for buffer := make([]byte, 1); ; {
			if n, _ := syscall.Read(pipe[0], buffer); n != 1 {
				return
			}
		}
	}()
	return nil
}

func main() {
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		os.Exit(2)
	}
	runtime.GOMAXPROCS(4)
	reader, writer, err := os.Pipe()
	if err != nil || slowCalls() != nil {
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
