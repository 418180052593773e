// SPDX-License-Identifier: GPL-2.0-or-later

// A thousand goroutines that compute, meet in a channel and a lock, and grow their stacks,
// while the garbage collector runs.
package main

import (
	"fmt"
	"runtime"
	"sync"
)

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

// deep needs a stack that must be moved.
func deep(n int) int {
	var room [64]int

	room[n%64] = n
	if n == 0 {
		return 0
	}
	return deep(n-1) + room[n%64] - n + 1
}

func main() {
	var wg sync.WaitGroup
	var lock sync.Mutex

	results := make(chan int, 10)
	locked, received := 0, 0
	for i := 0; i < 1000; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			v := fib(i%20) + deep(i)
			lock.Lock()
			locked += v
			lock.Unlock()
			results <- v
		}(i)
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	for v := range results {
		received += v
		if received%7 == 0 {
			_ = make([]byte, 1<<20)
		}
	}
	runtime.GC()
	fmt.Println(locked, received)
}
