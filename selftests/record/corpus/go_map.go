// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: go-fatal */
/* says: concurrent map */
/* Goroutines share a map and no lock. */
package main

import "runtime"

func count(numbers map[int]int) {
	for i := 0; ; i++ {
		numbers[i&1023]++ /* crashed */
	}
}

func main() {
	runtime.GOMAXPROCS(4)
	numbers := map[int]int{}
	for i := 0; i < 3; i++ {
		go count(numbers)
	}
	count(numbers)
}
