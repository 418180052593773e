// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: null-dereference */
/* A method of an object that a look-up did not find. */
package main

import "os"

type user struct {
	pad [40]byte
	age int
}

//go:noinline
func (u *user) years() int {
	return u.age /* crashed */
}

func main() {
	users := map[string]*user{}
	os.Exit(users["nobody"].years())
}
