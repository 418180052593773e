#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make install puts in place works from there, without the tree it came from.

. selftests/tap.sh
limit=120
capture make -s -C "$top" install DESTDIR="$work/root" PREFIX=/usr
exits 0 "make install with DESTDIR and PREFIX"
root=$work/root/usr
for file in bin/sundial libexec/sundial/sundial-native libexec/sundial/sundial-rv64 \
	libexec/sundial/sundial-binfmt-riscv64 libexec/sundial/sundial-record \
	libexec/sundial/sundial-rewind libexec/sundial/sundial-inject.so lib/libsundial-record.a include/sundial/librecord.h lib/libsundial.a lib/libsundial.so \
	lib/pkgconfig/sundial.pc include/sundial.h include/sundial_page.h include/linux/sundial.h \
	share/man/man1/sundial.1 share/man/man3/libsundial.3; do
	[ -s "$root/$file" ]
	result $? "installs $file"
done
SUNDIAL=$root/bin/sundial
sim sleep 3600
exits 0 "the installed command runs a program"
took_virtual 3600 3601 "in virtual time"
like "$root/lib/pkgconfig/sundial.pc" "^prefix=/usr$" "pkg-config's file names the prefix"
cat >user.c <<'END'
#include <stdio.h>
#include <sundial.h>

int main(void)
{
	struct sundial_clock_create how = {.kind = SUNDIAL_KIND_USER, .count = 1, .now_ns = 5};
	struct sundial_clock *clock;

	if (sundial_clock_create(&how, SUNDIAL_BACKING_MEMFD, &clock))
		return 1;
	printf("%llu\n", (unsigned long long)sundial_manual_now(sundial_clock_page(clock, 0)));
	return 0;
}
END
sed -i 's|#include <sundial.h>|#include <sundial.h>\n#include <sundial_page.h>|' user.c
gcc -I"$root/include" -o user user.c -L"$root/lib" -lsundial 2>err &&
	LD_LIBRARY_PATH=$root/lib ./user >out 2>>err
is "$(cat out)" 5 "a program builds against the installed library"
for page in "$root"/share/man/man1/*.1 "$root"/share/man/man3/*.3; do
	if command -v man >/dev/null; then
		man -l --warnings "$page" 2>&1 >/dev/null | head -n 5 >warnings
		is "$(cat warnings)" "" "$(basename "$page") formats without a warning"
	else
		skip "$(basename "$page") formats without a warning" "man-db is not installed"
	fi
done
done_testing
