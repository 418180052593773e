#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Allocations that are recorded by chance stand for all of them: estimates of bytes by
# place are right within their error, and not always wrong in the same direction.

. selftests/record/record.sh
interval=16384 seeds="1 2 3 4 5"

# deviations TRUTH: of each place and of its live blocks, (estimate - truth) / deviation
deviations() {
	jq -r '.sampling.stacks[] | [.stack[0].function, .bytes, .deviation_bytes, .live_bytes,
		.live_deviation_bytes] | join(" ")' json | sort >estimates
	sort "$1" | join - estimates | awk '
		function off(estimate, truth, deviation) {
			return deviation ? (estimate - truth) / deviation : estimate == truth ? 0 : 99
		}
		{ print $1, off($4, $2, $5), off($6, $3, $7) }'
}

for seed in $seeds; do
	record_opts=(--sample "$interval" --sample-seed "$seed" --stacks address --no-sched
		--no-syscalls --buffer 8)
	record "$top/build/record/sites"
	cp out truth
	show
	deviations truth >"deviations.$seed"
	is "$(wc -l <"deviations.$seed")" 4 "seed $seed: each place has samples"
	is "$(awk '$2 > 4 || $2 < -4 || $3 > 4 || $3 < -4' "deviations.$seed")" "" \
		"seed $seed: estimates are within four standard deviations"
done
is "$(jq -r '"\(.sampling.interval_bytes) \(.sampling.seed)"' json)" "$interval 5" \
	"interval and seed are said"
count=$(wc -w <<<"$seeds")
for column in 2 3; do
	# The mean of n independent ones deviates by 1 / sqrt(n).
	is "$(cat deviations.* | awk -v n="$count" '{ sum[$1] += $'$column' }
		END { for (k in sum) if (sum[k] / sqrt(n) > 4 || sum[k] / sqrt(n) < -4) print k, sum[k] }')" \
		"" "over all seeds there is no bias (column $column)"
done
is "$(jq '[.counts[] | select(.cpu < 0) | .emitted] | add < 200000' json)" true \
	"few of the allocations are recorded"
is "$(jq '[.diagnoses[] | select(.kind != "leak")] | length' json)" 0 \
	"and nothing but its leaks is said to be wrong"

record_opts=(--preset production)
record "$top/build/record/sites"
exits 0 "the production preset runs"
show
is "$(jq '.sampling.interval_bytes' json)" 524288 "and samples"
is "$(jq '[.events[] | select(.type == "syscall" or .type == "switch")] | length' json)" 0 \
	"and records no system calls and no switches"
record "$top/build/record/corpus/null_dereference"
exits 139 "a crash under it ends as without"
show
is "$(jq -r '.diagnoses[0].kind' json)" "null-dereference" "and is diagnosed"
done_testing
