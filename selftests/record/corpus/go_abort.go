// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: go-panic */
/* says: out of order */
/* A panic that ends in SIGABRT, as GOTRACEBACK=crash has it. */
package main

import "runtime/debug"

//go:noinline
func check(state int) {
	if state != 3 {
		panic("out of order") /* crashed */
	}
}

func main() {
	debug.SetTraceback("crash")
	check(4)
}
