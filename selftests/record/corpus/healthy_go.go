// SPDX-License-Identifier: GPL-2.0-or-later
/* expect: nothing */
/* A panic that is recovered, a nil that is caught, and goroutines that end. */
package main

import "sync"

type node struct{ next *node }

func follow(n *node) (ok bool) {
	defer func() { ok = recover() != nil }()
	return n.next.next == nil
}

func main() {
	var group sync.WaitGroup
	for i := 0; i < 4; i++ {
		group.Add(1)
		go func() {
			defer group.Done()
			if !follow(&node{}) {
				panic("not recovered")
			}
		}()
	}
	group.Wait()
}
