#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel's own semantic patches report nothing in kmod/: what "make coccicheck"
# runs inside of a kernel tree. One result a patch; those that need what is not here,
# or do not finish, are skips.
# TIMEOUT: 1200

. selftests/tap.sh
need spatch xz
limit=120

source=$(find /usr/src -maxdepth 1 -name 'linux-source-*.tar.xz' | sort -V | tail -1)
[ -n "$source" ] || skip_all "no /usr/src/linux-source-*.tar.xz: make deps"
patches=$top/build/coccinelle/$(basename "$source" .tar.xz)
if [ ! -e "$patches/done" ]; then
	mkdir -p "$patches"
	tar -xJf "$source" -C "$patches" --strip-components=3 --wildcards '*/scripts/coccinelle/*' &&
		touch "$patches/done"
fi

# report PATCH FOLDER OUT: what it reports; OUT.status is spatch's own exit status
report() {
	local options
	options=$(sed -n 's|^// *Options:||p' "$1")
	# shellcheck disable=SC2086 # words are wanted
	timeout "$limit" spatch -D report --very-quiet --no-show-diff --cocci-file "$1" $options \
		-I "$top/include/uapi" --dir "$2" >"$3" 2>"$3.err"
	echo $? >"$3.status"
}
export -f report
export top limit

version=$(spatch --version | sed -n '1s/^spatch version \([0-9.]*[0-9]\).*/\1/p')
mkdir out
(cd "$patches" && find . -name '*.cocci' | sort) >list
# shellcheck disable=SC2016 # expanded by the inner shell
xargs -P "$(nproc)" -I% bash -c 'report "$1/$2" "$3/kmod" "$4/out/$(basename "$2" .cocci)"' _ "$patches" % "$top" "$work" <list

while read -r patch; do
	name=$(basename "$patch" .cocci)
	needed=$(sed -n 's|^// *Requires: *||p' "$patches/$patch")
	case $(cat "out/$name.status") in
	124) skip "$name" "not finished after $limit s" && continue ;;
	esac
	if ! grep -q '^virtual.*\breport\b' "$patches/$patch"; then
		skip "$name" "has no mode of reporting"
	elif [ -n "$needed" ] && ! printf '%s\n' "$needed" "$version" | sort -CV; then
		skip "$name" "needs spatch $needed"
	elif grep -q 'No OCaml compiler' "out/$name.err"; then
		skip "$name" "needs a compiler of OCaml"
	else
		[ ! -s "out/$name" ] && [ "$(cat "out/$name.status")" = 0 ]
		result $? "$name reports nothing" "$(cat "out/$name")" "$(tail -n 3 "out/$name.err")"
	fi
done <list

# Known mistakes, so that silence means something.
mkdir known
cat >known/known.c <<'END'
#include <linux/slab.h>

int known(int size)
{
	char *buffer = kmalloc(size, GFP_KERNEL);
	unsigned int i = size;

	if (buffer)
		kfree(buffer);
	if (i < 0)
		return 1;
	mutex_lock(&known_lock);
	if (size == 7)
		return -EINVAL;
	mutex_unlock(&known_lock);
	return 0;
}
END
for name in ifnullfree unsigned_lesser_than_zero mini_lock; do
	report "$(find "$patches" -name $name.cocci)" known "$work/seen"
	like seen "known.c:[0-9]+" "$name sees a known mistake"
done
done_testing
