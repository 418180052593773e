// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: go-panic */
/* says: index out of range \[5\] with length 3 */
/* An index out of range. */
package main

import "os"

//go:noinline
func pick(numbers []int, index int) int {
	return numbers[index] /* crashed */
}

func main() {
	os.Exit(pick([]int{1, 2, 3}, 5))
}
