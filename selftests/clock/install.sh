#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What "make install-lib" leaves is enough to build and run a program, in C and
# included from C++, shared and static, and the library exports its own names only.
# "make install-kmod" leaves the module's source, and who may open the device.

set -u
cd "$(dirname "$0")/../.." || exit 2
out=$PWD/build/selftests/install
dest=$out/root
number=0 failed=0

check() {
	local name=$1
	shift
	number=$((number + 1))
	if "$@" >>"$out/log" 2>&1; then
		echo "ok $number $name"
	else
		echo "not ok $number $name"
		tail -n 5 "$out/log" | sed 's/^/# /'
		failed=1
	fi
}

flags() { # of pkg-config, by hand: the tool need not be there
	sed -n "s|^prefix=|prefix=$dest|p; s|^$1: ||p" "$dest/usr/lib/pkgconfig/sundial.pc" |
		awk -F= '/^prefix=/ { prefix = $2; next } {
			gsub(/\$\{libdir\}/, prefix "/lib"); gsub(/\$\{includedir\}/, prefix "/include"); print }'
}

build() { cc -Wall -Wextra -Werror $(flags Cflags) -o "$out/$1" "$out/use.c" "${@:2}"; }
run_shared() { LD_LIBRARY_PATH=$dest/usr/lib "$out/shared"; }
only_ours() { [ -z "$(nm -D --defined-only "$dest/usr/lib/libsundial.so" | awk '{ print $3 }' | grep -vE '^(sundial_(clock|tb)_[a-z_]+@@)?SUNDIAL_0\.1$')" ]; }
cxx() { echo '#include <sundial_tbset.h>' | c++ -Wall -Wextra -Werror $(flags Cflags) -x c++ -fsyntax-only -; }
rule_group() { sed -n 's/^KERNEL=="sundial".* GROUP="\([a-z]*\)".*/\1/p' "$dest/usr/lib/udev/rules.d/60-sundial.rules"; }

rm -rf "$out" && mkdir -p "$out"
cat >"$out/use.c" <<'END'
#include <sundial.h>

int main(void)
{
	struct sundial_clock_create how = {
		.kind = SUNDIAL_KIND_KERNEL, .mode = SUNDIAL_MODE_SCALED, .count = 1, .now_ns = 5000000000,
	};
	struct sundial_clock *clock;
	struct timespec ts;

	if (sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &clock))
		return 1;
	if (sundial_clock_set_rate(clock, 0, 0) || sundial_clock_set(clock, 3600000000000))
		return 2;
	if (sundial_clock_gettime(clock, 0, CLOCK_MONOTONIC, &ts) || ts.tv_sec != 3600 || ts.tv_nsec)
		return 3;
	sundial_clock_close(clock);
	return 0;
}
END
echo "TAP version 13"
check "make install-lib" env -u MAKEFLAGS -u MAKELEVEL make install-lib DESTDIR="$dest" PREFIX=/usr
check "a program builds with the flags of sundial.pc" build shared $(flags Libs)
check "and runs" run_shared
check "it builds with the static library" build static "$dest/usr/lib/libsundial.a" -pthread
check "and runs" "$out/static"
check "the header is C++ too" cxx
check "only the library's own names are exported" only_ours
check "the manual page is there" test -s "$dest/usr/share/man/man3/libsundial.3"
check "make install-kmod" env -u MAKEFLAGS -u MAKELEVEL make install-kmod DESTDIR="$dest" PREFIX=/usr
check "the module's source is there for DKMS" ls "$dest"/usr/src/sundial-*/{dkms.conf,Kbuild,kmod/main.c}
check "udev's rule is there, and readable" [ "$(stat -c %a "$dest/usr/lib/udev/rules.d/60-sundial.rules")" = 644 ]
check "the group of the rule is the one that sysusers.d makes" grep -q "^g $(rule_group) " \
	"$dest/usr/lib/sysusers.d/sundial.conf"
check "the device's manual page is there" test -s "$dest/usr/share/man/man4/sundial.4"
echo "1..$number"
exit $failed
