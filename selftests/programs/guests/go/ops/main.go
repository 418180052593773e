// SPDX-License-Identifier: GPL-2.0-or-later

// Ops makes one cheap call COUNT times, for the bench to time from outside:
//
//	ops getppid|clock COUNT
package main

import (
	"os"
	"strconv"
	"syscall"
	"time"
)

func main() {
	count, err := strconv.Atoi(os.Args[2])
	if err != nil {
		os.Exit(2)
	}
	sum := 0
	switch os.Args[1] {
	case "getppid":
		for i := 0; i < count; i++ {
			sum += syscall.Getppid()
		}
	case "clock":
		for i := 0; i < count; i++ {
			sum += time.Now().Nanosecond()
		}
	default:
		os.Exit(2)
	}
	if sum == 42 {
		os.Exit(1)
	}
}
