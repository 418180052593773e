#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Go, which makes its system calls itself: static, and dynamic with C inside; gofmt.
# TIMEOUT: 300

. selftests/tap.sh
need jq go gofmt

same_as_native "static, 1,000 goroutines" 25 29 "$guests/go-static"
same_as_native "dynamic, with cgo" 3 5 "$guests/go-dynamic"

for procs in 1 4; do
	UNIT=60 GOMAXPROCS=$procs GOGC=5 sim "$guests/go-static"
	exits 8 "GOMAXPROCS=$procs and a busy collector"
done

UNIT=1 native "$guests/go-static" spin
UNIT=1 sim "$guests/go-static" spin
exits 8 "a goroutine that never calls is preempted"
like out "^preemption: another goroutine ran" "by Go's own signal"

source=$top/selftests/programs/guests/go/clocks/main.go
sed 's/^\t*//' "$source" >flat.go
native gofmt flat.go
mv out native.out
sim gofmt flat.go
exits 0 "gofmt ends well"
same out native.out "gofmt prints what it prints natively"
same out "$source" "which is the formatted source"
sim gofmt -l "$top/selftests/programs/guests/go"
is "$(cat out)" "" "gofmt walks folders"
done_testing
