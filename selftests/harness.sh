#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The harness itself: a test that fails, hangs, says nothing, stops half way or leaves
# a process behind must never pass.
# TIMEOUT: 60

. selftests/tap.sh

# A tree of its own, so that the logs of the real run are left alone.
mkdir -p tree/selftests tree/build/selftests
cp "$top/selftests/run.sh" tree/selftests/
ln "$top/build/selftests/guard" tree/build/selftests/ 2>/dev/null ||
	cp "$top/build/selftests/guard" tree/build/selftests/

# verdict NAME LAST-LINE BODY: what the harness says of a test with that body
verdict() {
	printf '#!/bin/bash\n%s\n' "$3" >tree/selftests/case.sh
	chmod +x tree/selftests/case.sh
	tree/selftests/run.sh selftests/case.sh >out 2>&1
	local code=$?
	is "$(tail -n 1 out)" "$2" "$1"
	case $2 in
	*" 0 failed"*) is "$code" 0 "$1: exit status 0" ;;
	*) is "$code" 1 "$1: exit status 1" ;;
	esac
}

verdict "results are counted" "2 passed, 0 failed, 1 skipped" \
	$'echo ok 1; echo ok 2 - b; echo "ok 3 # SKIP no foo"; echo 1..3'
like out "skip: .*no foo" "a skip is shown with its reason"
verdict "a not ok fails" "1 passed, 1 failed, 0 skipped" \
	$'echo ok 1; echo "not ok 2 - b"; echo 1..2'
like out "not ok 2 - b" "each not ok is shown"
verdict "silence is a failure" "0 passed, 1 failed, 0 skipped" "exit 0"
verdict "a lost result is a failure" "1 passed, 1 failed, 0 skipped" "echo 1..2; echo ok 1"
verdict "no plan is a failure" "1 passed, 1 failed, 0 skipped" "echo ok 1"
verdict "a bad exit status is a failure" "1 passed, 1 failed, 0 skipped" \
	"echo 1..1; echo ok 1; exit 3"
verdict "death by a signal is a failure" "1 passed, 1 failed, 0 skipped" \
	'echo 1..1; echo ok 1; kill -9 $$'
verdict "skipping everything is no pass" "0 passed, 0 failed, 1 skipped" \
	"echo '1..0 # SKIP not here'"
verdict "a hang is a failure" "1 passed, 1 failed, 0 skipped" \
	$'# TIMEOUT: 1\necho ok 1; sleep 1000'
verdict "a process left behind is a failure" "1 passed, 1 failed, 0 skipped" \
	$'echo 1..1; echo ok 1; setsid sleep 1000 &\nsleep 0.3'
like "tree/build/check/case.log" "left behind: sleep" "and is named"

# meet HEAD: the last line of a run of two tests that each wait for the other
meet() {
	local i
	rm -f met.*
	for i in 1 2; do
		printf '#!/bin/bash\n%s\n' "$1" >tree/selftests/meet$i.sh
		cat >>tree/selftests/meet$i.sh <<-EOF
			touch ../met.$i
			for try in {1..30}; do
				[ ! -e ../met.$((3 - i)) ] || { echo "ok 1"; echo 1..1; exit; }
				sleep 0.1
			done
			rm ../met.$i
			echo 1..1
		EOF
		chmod +x tree/selftests/meet$i.sh
	done
	CHECK_JOBS=2 tree/selftests/run.sh selftests/meet1.sh selftests/meet2.sh | tail -n 1
}

is "$(meet "")" "2 passed, 0 failed, 0 skipped" "two run at once"
is "$(meet "# WIDE")" "0 passed, 2 failed, 0 skipped" "but not two that need several processors"

rm tree/selftests/case.sh
tree/selftests/run.sh selftests/case.sh >out 2>&1
is "$(tail -n 1 out)" "0 passed, 1 failed, 0 skipped" "a test that is missing is a failure"
done_testing
