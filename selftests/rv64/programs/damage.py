# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged ELF files in pairs: damage.py COUNT SEED writes x86/N and riscv/N, which differ in
their machine and its code only, each with the same random damage in the headers."""

import os
import random
import struct
import sys

CODE = {
    "x86": (62, bytes.fromhex("bf2a000000" "b83c000000" "0f05")),
    "riscv": (243, struct.pack("<III", 0x02A00513, 0x05D00893, 0x00000073)),
}
BASE = 0x20000000
# Of the file header and of a program header: offset, bytes. Not the class: Linux looks at it
# on riscv64 only.
FILE = [(5, 1), (6, 1), (7, 1), (16, 2), (20, 4), (24, 8), (32, 8), (48, 4), (52, 2), (54, 2),
        (56, 2)]
SEGMENT = [(0, 4), (4, 4), (8, 8), (16, 8), (32, 8), (40, 8), (48, 8)]
VALUES = [0, 1, 2, 3, 4, 6, 7, 0x40, 0xFF, 0xFFF, 0x1000, 0x1001, 0x2000, 0x10000, 0x7FFFFFFF,
          0x80000000, 0xFFFFFFFF, BASE, BASE + 0x1000, BASE + 0x1FFF,
          1 << 47, (1 << 47) - 0x1000, (1 << 63) - 1, 1 << 63, (1 << 64) - 0x1000, (1 << 64) - 1]


def segment(kind, flags, offset, address, filesz, memsz):
    return struct.pack("<IIQQQQQQ", kind, flags, offset, address, address, filesz, memsz, 0x1000)


def program(machine, code, kind):
    """Text, data with bss, a stack that is not executable."""
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, BASE + 0x800, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    segments = (segment(1, 5, 0, BASE, 0x1000, 0x1000) +
                segment(1, 6, 0x1000, BASE + 0x1000, 0x1000, 0x3000) +
                segment(0x6474E551, 6, 0, 0, 0, 0))
    return bytearray((header + segments).ljust(0x800, b"\0") + code.ljust(0x1800, b"\0"))


def damage(rng):
    """One change: where, which bytes."""
    if rng.random() < 0.3:
        at, size = rng.choice(FILE)
    else:
        at, size = rng.choice(SEGMENT)
        at += 64 + 56 * rng.choice([0, 0, 1, 1, 2])
    # Where nothing may be mapped depends on who asks.
    values = [v for v in VALUES if v >= 0x10000] if size == 8 and at % 56 == 24 else VALUES
    return at, (rng.choice(values) & (1 << 8 * size) - 1).to_bytes(size, "little")


rng = random.Random(int(sys.argv[2]))
for folder in CODE:
    os.makedirs(folder, exist_ok=True)
for n in range(int(sys.argv[1])):
    changes = [damage(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    kind = rng.choice([2, 3])
    length = rng.choice([0x2000] * 6 + [rng.randrange(0x2000)])
    for folder, (machine, code) in CODE.items():
        data = program(machine, code, kind)
        for at, value in changes:
            data[at:at + len(value)] = value
        with open("%s/%03d" % (folder, n), "wb") as file:
            file.write(data[:length])
            os.fchmod(file.fileno(), 0o755)
