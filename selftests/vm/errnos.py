#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold the errors that tests provoked against those that the man pages list.

	selftests/vm/errnos.py RESULT.LOG

RESULT.LOG has the lines "#: provoked NUMBER ERRNO" that selftests/clock/provoked.c
prints. For each ioctl of the header, one TAP result: every error that its man page
lists was provoked, and no other was seen. Errors that only fault injection can
provoke are named below with their reason; make check-kasan does that.
"""
import collections
import errno
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include/uapi/linux/sundial.h"
PAGES = sorted((ROOT / "Documentation/man").glob("sundial*.4"))

# Answered to a command on the wrong descriptor, or to no descriptor at all.
ANYWHERE = {"ENOTTY", "EBADF"}
# (call, error): why no ordinary test can provoke it
INJECTED = {
	("SUNDIAL_CLOCK_READER", "ENOMEM"): "an allocation of a few bytes must fail",
	("SUNDIAL_CLOCK_BIND", "ENOMEM"): "an allocation of a few bytes must fail",
	("SUNDIAL_TB_REGISTER", "ENOMEM"): "an allocation of a few bytes must fail",
	("SUNDIAL_TB_ATTACH", "ENOMEM"): "an allocation of a few bytes must fail",
	("SUNDIAL_TB_INVALIDATE", "ENOMEM"): "an allocation of a few pages must fail",
}


def numbers():
	define = re.compile(r"^#define\s+(SUNDIAL_\w+)\s+_IO\w*\(SUNDIAL_IOC_MAGIC,\s*(0x[0-9a-f]+)")
	found = (define.match(line) for line in HEADER.read_text().splitlines())
	return {m[1]: int(m[2], 16) for m in found if m}


def documented():
	errors = collections.defaultdict(set)
	for page in PAGES:
		call = previous = None
		for line in page.read_text().splitlines():
			if line.startswith((".SS", ".SH")):
				call = line.split()[1]
			elif previous == ".TP" and (m := re.match(r"\.B (E[A-Z0-9]+)$", line)):
				errors[call].add(m[1])
			previous = line
	return errors


def provoked(log):
	names = errno.errorcode | {errno.EOPNOTSUPP: "EOPNOTSUPP"}  # not its other name, ENOTSUP
	errors = collections.defaultdict(set)
	for m in re.finditer(r"^#: provoked (0x[0-9a-f]+) (\d+)", log, re.M):
		errors[int(m[1], 16)].add(names.get(int(m[2]), m[2]))
	return errors


def main():
	listed = documented()
	seen = provoked(pathlib.Path(sys.argv[1]).read_text(errors="replace"))
	failed = False
	for count, (call, number) in enumerate(numbers().items(), 1):
		injected = {error for name, error in INJECTED if name == call}
		missing = listed[call] - seen[number] - injected
		unlisted = seen[number] - listed[call] - ANYWHERE
		for error in sorted(missing):
			print(f"# {call}: no test provokes {error}, which the man page lists")
		for error in sorted(unlisted):
			print(f"# {call}: {error} was seen, which the man page does not list")
		good = listed[call] and not missing and not unlisted
		failed |= not good
		print(f"{'ok' if good else 'not ok'} {count} {call}: its man page lists the errors that tests provoke")
	print(f"1..{len(numbers())}")
	return 1 if failed else 0


sys.exit(main())
