# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a jitdump by its specification, prints the functions' names; fails if it is not one."""

import struct
import sys

data = open(sys.argv[1], "rb").read()
magic, version, size, machine, _, pid, _, flags = struct.unpack_from("<IIIIIIQQ", data)
assert (magic, version, size, machine, flags) == (0x4A695444, 1, 40, 62, 0)
last, count = 0, 0
while size < len(data):
    kind, total, stamp = struct.unpack_from("<IIQ", data, size)
    assert kind == 0 and stamp >= last
    owner, _, vma, address, length, index = struct.unpack_from("<IIQQQQ", data, size + 16)
    name, code = data[size + 56:size + total].split(b"\0", 1)
    assert (owner, vma, index, len(code)) == (pid, address, count, length) and code
    print(name.decode())
    last, count, size = stamp, count + 1, size + total
assert size == len(data)
