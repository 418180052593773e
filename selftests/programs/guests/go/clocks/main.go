// SPDX-License-Identifier: GPL-2.0-or-later

// Clocks is the Go guest: 1,000 goroutines that sleep, tickers, timers, contexts,
// channels, a pipe, a child, loopback TCP and garbage collection. It prints the same
// for any $UNIT (seconds), natively and simulated.
package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var unit time.Duration

func units(count float64) time.Duration {
	return time.Duration(count * float64(unit))
}

func since(start time.Time) int {
	return int((time.Since(start) + unit/2) / unit)
}

func check(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func goroutines() {
	start := time.Now()
	var group sync.WaitGroup
	var lock sync.Mutex
	perUnit := map[int]int{}
	for i := 0; i < 1000; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			time.Sleep(units(float64(1 + i%10)))
			lock.Lock()
			perUnit[since(start)]++
			lock.Unlock()
		}(i)
	}
	group.Wait()
	fmt.Println("goroutines:", perUnit, "in", since(start))
}

func tickers() {
	start := time.Now()
	ticker := time.NewTicker(units(1))
	stop := time.After(units(5.5))
	ticks := 0
	for running := true; running; {
		select {
		case <-ticker.C:
			ticks++
		case <-stop:
			running = false
		}
	}
	ticker.Stop()
	fired := make(chan int, 1)
	timer := time.AfterFunc(units(2), func() { fired <- since(start) })
	fmt.Println("tickers:", ticks, "stopped in time", timer.Stop())
	timer.Reset(units(1.5))
	fmt.Println("tickers: fired at", <-fired)
}

func contexts() {
	start := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), units(3))
	defer cancel()
	child, cancelChild := context.WithDeadline(ctx, time.Now().Add(units(1)))
	defer cancelChild()
	<-child.Done()
	fmt.Println("contexts:", child.Err(), "at", since(start), ctx.Err())
	<-ctx.Done()
	fmt.Println("contexts:", ctx.Err(), "at", since(start))
	err := exec.CommandContext(ctx, "/bin/true").Run()
	fmt.Println("contexts: command refused", err != nil)
}

type node struct {
	left, right *node
}

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func (n *node) count() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.count() + n.right.count()
}

func garbage() {
	total := 0
	results := make(chan int)
	for i := 0; i < 8; i++ {
		go func() {
			sum := 0
			for j := 0; j < 12; j++ {
				sum += tree(12).count()
			}
			results <- sum
		}()
	}
	for i := 0; i < 8; i++ {
		total += <-results
	}
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("garbage:", total, "nodes, collected", stats.NumGC > 0)
}

// A goroutine that never calls anything is preempted by Go's own signal. Only with the
// argument "spin": a simulation's determinism ends where it preempts.
func preemption() {
	previous := runtime.GOMAXPROCS(1)
	stop := false
	go func() {
		for !stop {
		}
	}()
	time.Sleep(20 * time.Millisecond)
	stop = true
	runtime.GOMAXPROCS(previous)
	fmt.Println("preemption: another goroutine ran")
}

func processes() {
	start := time.Now()
	out, err := exec.Command("/bin/sh", "-c", "sleep "+
		strconv.FormatFloat(units(2).Seconds(), 'f', 3, 64)+"; echo child").Output()
	check(err)
	fmt.Printf("processes: %q at %d\n", out, since(start))
	ctx, cancel := context.WithTimeout(context.Background(), units(1))
	defer cancel()
	err = exec.CommandContext(ctx, "/bin/sleep", "1000000").Run()
	fmt.Println("processes:", err, "at", since(start))

	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGUSR1)
	check(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println("processes: notified of", <-signals)
}

func network() {
	start := time.Now()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	fmt.Fprintln(conn, "echo")
	line, err := bufio.NewReader(conn).ReadString('\n')
	check(err)
	conn.SetReadDeadline(time.Now().Add(units(2)))
	_, err = conn.Read(make([]byte, 1))
	fmt.Printf("network: %q, timeout %v at %d\n", line, os.IsTimeout(err), since(start))
	conn.Close()
	listener.Close()
}

func main() {
	seconds, err := strconv.ParseFloat(os.Getenv("UNIT"), 64)
	check(err)
	unit = time.Duration(seconds * float64(time.Second))
	goroutines()
	tickers()
	contexts()
	garbage()
	if len(os.Args) > 1 && os.Args[1] == "spin" {
		preemption()
	}
	processes()
	network()
	os.Exit(8)
}
