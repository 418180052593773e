# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the recorder's tests. Source it first; it skips where BPF is not permitted.

. selftests/tap.sh
need jq

# record PROG ARGS...: into $work/recording; leaves $status, $work/out and $work/err
record() {
	rm -f recording*
	capture "$SUNDIAL" record --quiet --buffer 16 "${record_opts[@]}" -o recording -- "$@"
}

# show: what there is to say of it, in $work/json
show() {
	timeout "$limit" "$SUNDIAL" rewind --json "${1:-recording}" >json 2>json.err
}

record_opts=()
record true
if grep -q CAP_BPF err; then
	skip_all "BPF is not permitted here: $(head -n 1 err)"
fi
