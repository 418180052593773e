#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the ISA's test programs as assembly: one for each instruction and edge class.

    programs.py DIR

A program numbers its cases from 1 and exits with the number of the first that failed,
0 if none did. It uses no C library and no system calls but exit and, where signals
are tested, rt_sigaction. What it expects comes from model.py.

The first line of each file, "# extension NAME", is the newest extension it needs. A
line "# not qemu: REASON" after it says why qemu-riscv64 7.2 does not pass.
"""

import os
import random
import sys

import model as m

MAX_CASES = 240
VALUES = [0, 1, m.M64, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF80000000, 0xFFFFFFFF, 1 << 63, (1 << 63) - 1]
# gp is the case's number, tp what is expected; sp, ra and s11 belong to the frame.
REGISTERS = ["t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7",
             "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "t3", "t4", "t5", "t6"]
FREGISTERS = ["f%d" % i for i in range(32)]


class Program:
    def __init__(self, name, extension, not_qemu=None):
        self.name, self.extension, self.not_qemu = name, extension, not_qemu
        self.lines, self.data, self.cases = [], [], 0
        self.random = random.Random("sundial " + name)
        self.used = 0
        self.writable_text = False

    def __call__(self, *lines):
        for line in lines:
            self.lines.append(line if line.endswith(":") else "\t" + line)

    def case(self):
        self.cases += 1
        assert self.cases <= MAX_CASES, self.name
        self("li gp, %d" % self.cases)

    def expect(self, register, value):
        """The register must hold value; tp is lost."""
        self("li tp, %#x" % (value & m.M64), "bne %s, tp, fail" % register)

    def fresh(self, count, pool=REGISTERS):
        """Registers, other ones at each call."""
        self.used += 1
        return [pool[(self.used * 7 + i * 11) % len(pool)] for i in range(count)]

    def load_f(self, register, value, by):
        self("li %s, %#x" % (by, value), "fmv.d.x %s, %s" % (register, by))

    def numbers(self, count):
        return [self.random.getrandbits(64) >> self.random.choice([0, 0, 0, 20, 32, 45])
                for _ in range(count)]

    def text(self):
        head = ["# extension %s" % self.extension]
        head += ["# not qemu: " + self.not_qemu] if self.not_qemu else []
        head += ["# writable-text"] if self.writable_text else []
        start = ["\t.option norvc", "\t.globl _start", "\t.text", "_start:"]
        end = ["\tli gp, 0", "fail:", "\tmv a0, gp", "\tli a7, 93", "\tecall",
               "\t.balign 4", "fail_far:", "\tj fail"]
        data = ["\t.data", "\t.balign 16"] + self.data if self.data else []
        return "\n".join(head + start + self.lines + end + data) + "\n"


programs = []


def program(name, extension, **options):
    p = Program(name, extension, **options)
    programs.append(p)
    return p


def pairs(p):
    chosen = [(a, b) for a in VALUES for b in VALUES]
    return chosen + list(zip(p.numbers(20), p.numbers(20)))


def three(operation, name, rd, rs1, rs2):
    """The text of a register-register instruction; binutils 2.40 has no Zicond."""
    if operation.startswith("czero"):
        return ".insn r 0x33, %d, 7, %s, %s, %s" % (5 if operation.endswith("eqz") else 7, rd, rs1, rs2)
    return "%s %s, %s, %s" % (name, rd, rs1, rs2)


def extension_of(name):
    if name in m.R:
        if name.startswith("czero"):
            return "zicond"
        if name in ("add.uw",) or name.startswith("sh") or name == "slli.uw":
            return "zba"
        if name in ("andn", "orn", "xnor", "min", "minu", "max", "maxu", "rol", "ror", "rolw", "rorw"):
            return "zbb"
        if name in ("bclr", "bext", "binv", "bset"):
            return "zbs"
        return "m" if name[:3] in ("mul", "div", "rem") else "i"
    if name in ("slli.uw",):
        return "zba"
    if name in ("bclri", "bexti", "binvi", "bseti"):
        return "zbs"
    return "zbb" if name in m.UNARY or name in ("rori", "roriw") else "i"


def register_register(name):
    extension = extension_of(name)
    p = program(name, extension, not_qemu="it has no Zicond" if extension == "zicond" else None)
    f = m.R[name]
    for a, b in pairs(p):
        rd, rs1, rs2 = p.fresh(3)
        p.case()
        p("li %s, %#x" % (rs1, a), "li %s, %#x" % (rs2, b), three(name, name, rd, rs1, rs2))
        p.expect(rd, f(a, b))
        p.expect(rs1, a)
        p.expect(rs2, b)
    a, b = 0xFEDCBA9876543210, 0x0123456789ABCDE5
    for shape in ("dst", "ddt", "dsd", "ddd", "zst", "dzt", "dsz", "dss"):
        p.case()
        names = {"d": "s2", "s": "s3", "t": "s4", "z": "zero"}
        rd, rs1, rs2 = (names[c] for c in shape)
        p("li s2, %#x" % a, "li s3, %#x" % b, "li s4, %#x" % (a ^ b))
        values = {"d": a, "s": b, "t": a ^ b, "z": 0}
        p(three(name, name, rd, rs1, rs2))
        p.expect(rd, 0 if shape[0] == "z" else f(values[shape[1]], values[shape[2]]))


def unary(name):
    p = program(name, "zbb", not_qemu="wrong there if bits 31 to 0 are 0" if name == "ctzw" else None)
    f = m.UNARY[name]
    values = VALUES + [1 << i for i in range(0, 64, 7)] + [0x8000, 0x80, 0xFF00FF, 0x0100010001000100]
    for a in values + p.numbers(20):
        rd, rs1 = p.fresh(2)
        p.case()
        p("li %s, %#x" % (rs1, a), "%s %s, %s" % (name, rd, rs1))
        p.expect(rd, f(a))
    p.case()
    p("li a0, 0x8070605040302010", "%s a0, a0" % name)
    p.expect("a0", f(0x8070605040302010))
    p.case()
    p("li a0, 0x8070605040302010", "%s zero, a0" % name)
    p.expect("zero", 0)


def immediate(name, f, immediates, extension):
    p = program(name, extension)
    for a in VALUES + p.numbers(5):
        for i in immediates:
            rd, rs1 = p.fresh(2)
            p.case()
            p("li %s, %#x" % (rs1, a), "%s %s, %s, %d" % (name, rd, rs1, i))
            p.expect(rd, f(a, i))
            p.expect(rs1, a)
    for rd, rs1, a in (("a0", "a0", 0x123456789ABCDEF), ("a0", "zero", 0)):
        p.case()
        p("li a0, %#x" % 0x123456789ABCDEF, "%s %s, %s, %d" % (name, rd, rs1, immediates[1]))
        p.expect(rd, f(a, immediates[1]))
    p.case()
    p("li a0, -1", "%s zero, a0, %d" % (name, immediates[1]))
    p.expect("zero", 0)


def upper():
    p = program("lui", "i")
    for i in (0, 1, 0x7FFFF, 0x80000, 0xFFFFF, 0x12345):
        rd, = p.fresh(1)
        p.case()
        p("li %s, -1" % rd, "lui %s, %d" % (rd, i))
        p.expect(rd, m.sext(i << 12, 32))
    p.case()
    p("lui zero, 1")
    p.expect("zero", 0)
    p = program("auipc", "i")
    for i in (0, 1, 0x7FFFF, 0x80000, 0xFFFFF, 0x12345):
        p.case()
        p("jal a0, 1f", "1:", "auipc a1, %d" % i, "sub a1, a1, a0")
        p.expect("a1", m.sext(i << 12, 32))


def branches():
    for name, f in m.BRANCH.items():
        p = program(name, "i")
        for n, (a, b) in enumerate(pairs(p)):
            rs1, rs2 = p.fresh(2)
            p.case()
            p("li %s, %#x" % (rs1, a), "li %s, %#x" % (rs2, b))
            taken = f(a, b)
            if n % 2:
                p("j 2f", "1:", "j %s" % ("3f" if taken else "fail"), "2:",
                  "%s %s, %s, 1b" % (name, rs1, rs2), "j %s" % ("fail" if taken else "3f"), "3:")
            else:
                p("%s %s, %s, 1f" % (name, rs1, rs2), "j %s" % ("fail" if taken else "2f"),
                  "1:", "j %s" % ("2f" if taken else "fail"), "2:")
        a, b = next(v for v in pairs(p) if f(*v))
        p.case()
        p("li a0, %#x" % a, "li a1, %#x" % b, "%s a0, a1, 1f" % name, "j fail", ".space 4084", "1:")
        p.case()
        p("j 2f", "1:", "j 3f", ".space 4088", "2:", "%s a0, a1, 1b" % name, "j fail", "3:")
        p.case()
        p("li a0, 5", "%s a0, a0, 1f" % name, "j %s" % ("fail" if f(5, 5) else "2f"), "1:",
          "j %s" % ("2f" if f(5, 5) else "fail"), "2:")


def jumps():
    p = program("jal", "i")
    p.case()
    p("li a0, 0", "jal a0, 1f", "0:", "j fail", "1:", "la a1, 0b", "bne a0, a1, fail")
    p.case()
    p("j 2f", "1:", "j 3f", "2:", "jal zero, 1b", "j fail", "3:")
    p.case()
    p("j 2f", "1:", "j 3f", ".space 500000", "2:", "jal t0, 1b", "j fail_far", "3:")
    p.case()
    p("jal t0, 1f", ".space 500000", "1:")
    # The rest is out of reach of a branch to fail.
    p("li gp, 0", "j 9f", "9:")
    p = program("jalr", "i")
    for offset in (0, 4, -4, 2047, -2048, 1):
        rd, rs1 = p.fresh(2)
        p.case()
        p("la %s, 1f" % rs1, "li tp, %d" % -(offset & ~1 if offset == 1 else offset),
          "add %s, %s, tp" % (rs1, rs1), "jalr %s, %d(%s)" % (rd, offset, rs1), "0:", "j fail",
          ".balign 4", "1:", "la tp, 0b", "bne %s, tp, fail" % rd)
    p.case()
    p("la a0, 1f", "jalr a0, 0(a0)", "0:", "j fail", "1:", "la tp, 0b", "bne a0, tp, fail")
    p.case()
    p("la a0, 1f + 1", "jalr zero, 0(a0)", "j fail", "1:", "bne zero, zero, fail")
    p.case()
    p("li a1, 0", "la ra, 1f", "la t1, 2f", "j 3f", "1:", "j 4f", "2:", "addi a1, a1, 1", "ret",
      "3:", "jr t1", "j fail", "4:")
    p.expect("a1", 1)


LOADS = {"lb": (1, True), "lh": (2, True), "lw": (4, True), "ld": (8, True),
         "lbu": (1, False), "lhu": (2, False), "lwu": (4, False)}
STORES = {"sb": 1, "sh": 2, "sw": 4, "sd": 8}
PATTERN = bytes((i * 37 + 0x81) & 0xFF for i in range(64))


def area(p, before=2048, after=2048):
    p.data += [".space %d, 0x5a" % before, "area:"]
    p.data += ["\t.byte " + ", ".join("%#x" % b for b in PATTERN)]
    p.data += [".space %d, 0x5a" % after]


def memory():
    for name, (size, signed) in LOADS.items():
        p = program(name, "i")
        area(p)
        for at in range(0, 24):
            value = int.from_bytes(PATTERN[at:at + size], "little")
            value = m.sext(value, size * 8) if signed else value
            for offset in (0, 2047, -2048, -1):
                rd, rs1 = p.fresh(2)
                p.case()
                p("la %s, area + %d" % (rs1, at - offset), "li %s, -1" % rd,
                  "%s %s, %d(%s)" % (name, rd, offset, rs1))
                p.expect(rd, value)
        p.case()
        value = int.from_bytes(PATTERN[:size], "little")
        p("la a0, area", "%s a0, 0(a0)" % name)
        p.expect("a0", m.sext(value, size * 8) if signed else value)
        p.case()
        p("la a0, area", "%s zero, 0(a0)" % name)
        p.expect("zero", 0)
        p.case()
        p("la a0, page", "%s a1, -%d(a0)" % (name, max(size // 2, 1)))
        value = 0x5A5A5A5A5A5A5A5A
        p.expect("a1", m.sext(value, size * 8) if signed else value % (1 << size * 8))
        p.data += [".balign 4096, 0x5a", "page:", ".space 64, 0x5a"]
    for name, size in STORES.items():
        p = program(name, "i")
        area(p)
        for at in range(0, 16):
            for offset in (0, 2047, -2048):
                rs2, rs1, back = p.fresh(3)
                value = p.random.getrandbits(64)
                p.case()
                p("la %s, area" % back, "sd zero, 0(%s)" % back, "sd zero, 8(%s)" % back,
                  "sd zero, 16(%s)" % back)
                p("la %s, area + %d" % (rs1, at - offset), "li %s, %#x" % (rs2, value),
                  "%s %s, %d(%s)" % (name, rs2, offset, rs1))
                whole = (value % (1 << size * 8)) << at * 8
                for i in range(3):
                    p("ld tp, %d(%s)" % (i * 8, back), "li %s, %#x" % (rs1, whole >> i * 64 & m.M64),
                      "bne tp, %s, fail" % rs1)
        p.case()
        p("la a0, area", "%s a0, 0(a0)" % name, "ld a1, 0(a0)")
        p("li tp, %#x" % ((1 << size * 8) - 1), "and a0, a0, tp", "and a1, a1, tp", "bne a0, a1, fail")


def atomics():
    for suffix, width in (("w", 32), ("d", 64)):
        for base, f in m.AMO.items():
            p = program("%s.%s" % (base, suffix), "a")
            p.data += ["word:", "\t.dword 0", "\t.dword 0"]
            orders = ["", ".aq", ".rl", ".aqrl"]
            values = [0, 1, -1, 0x7FFFFFFF, -0x80000000, 0x7FFFFFFFFFFFFFFF, -0x8000000000000000]
            chosen = [(a, b) for a in values for b in values] + [
                (m.s64(a), m.s64(b)) for a, b in zip(p.numbers(10), p.numbers(10))]
            for n, (old, operand) in enumerate(chosen):
                rd, rs1, rs2 = p.fresh(3)
                p.case()
                p("la %s, word" % rs1, "li tp, %#x" % (old & m.M64), "sd tp, 0(%s)" % rs1,
                  "li %s, %#x" % (rs2, operand & m.M64),
                  "%s.%s%s %s, %s, (%s)" % (base, suffix, orders[n % 4], rd, rs2, rs1))
                a, b = m.sext(old, width), m.sext(operand, width)
                p.expect(rd, a)
                new = f(a, b, width) % (1 << width)
                whole = new if width == 64 else (old & m.M64) >> 32 << 32 | new
                p("ld %s, 0(%s)" % (rd, rs1))
                p.expect(rd, whole)
            for rd, rs2 in (("a1", "a1"), ("zero", "a1"), ("a2", "zero")):
                p.case()
                p("la a0, word", "li tp, 77", "sd tp, 0(a0)", "li a1, 5",
                  "%s.%s %s, %s, (a0)" % (base, suffix, rd, rs2))
                p.expect(rd, 0 if rd == "zero" else 77)
                p("ld a3, 0(a0)")
                p.expect("a3", f(77, 0 if rs2 == "zero" else 5, width))
            p.case()
            p("la a0, word", "sd zero, 0(a0)", "mv a1, a0", "%s.%s a0, a0, (a0)" % (base, suffix))
            p.expect("a0", 0)
        reservations(suffix)


def reservations(suffix):
    load, store = ("lw", "sw") if suffix == "w" else ("ld", "sd")
    p = program("lr_sc.%s" % suffix, "a")
    p.data += ["word:", "\t.dword 0x8000000180000002", "other:", "\t.dword 3", "\t.space 256"]
    value = m.sext(0x8000000180000002, 32 if suffix == "w" else 64)
    for order in ("", ".aq", ".aqrl"):
        p.case()
        p("la a0, word", "lr.%s%s a1, (a0)" % (suffix, order))
        p.expect("a1", value)
    # The first pair may fail without a reason, but not for ever.
    p.case()
    p("la a0, word", "li a3, 42", "1:", "lr.%s a1, (a0)" % suffix, "sc.%s a2, a3, (a0)" % suffix,
      "bnez a2, 1b")
    p("%s a4, 0(a0)" % load)
    p.expect("a1", value)
    p.expect("a4", 42)
    p.case()
    p("li a3, 43", "sc.%s a2, a3, (a0)" % suffix, "beqz a2, fail", "%s a4, 0(a0)" % load)
    p.expect("a4", 42)
    p.case()
    p("la a5, other", "lr.%s a1, (a0)" % suffix, "sc.%s a2, a3, (a5)" % suffix,
      "beqz a2, fail", "%s a4, 0(a5)" % load)
    p.expect("a4", 3)
    p.case()
    p("sc.%s a2, a3, (a0)" % suffix, "beqz a2, fail", "%s a4, 0(a0)" % load)
    p.expect("a4", 42)
    p.case()
    p("li s0, 1000", "%s zero, 0(a0)" % store, "1:", "lr.%s.aq a1, (a0)" % suffix, "addi a1, a1, 1",
      "sc.%s.rl a2, a1, (a0)" % suffix, "bnez a2, 1b", "addi s0, s0, -1", "bnez s0, 1b",
      "%s a4, 0(a0)" % load)
    p.expect("a4", 1000)
    # With accesses between: not guaranteed to succeed at once, but in the end.
    p.case()
    p("li s0, 100", "%s zero, 0(a0)" % store, "1:", "lr.%s a1, (a0)" % suffix, "ld t0, 8(a0)",
      "sd t0, 64(a0)", "addi a1, a1, 1", "sc.%s a2, a1, (a0)" % suffix, "bnez a2, 1b",
      "addi s0, s0, -1", "bnez s0, 1b", "%s a4, 0(a0)" % load)
    p.expect("a4", 100)
    p.case()
    p("li a1, 9", "lr.%s zero, (a0)" % suffix, "sc.%s zero, a1, (a0)" % suffix)
    p.expect("zero", 0)
    p.case()
    p("1:", "lr.%s a1, (a0)" % suffix, "li a1, 7", "sc.%s a1, a1, (a0)" % suffix, "bnez a1, 1b",
      "%s a4, 0(a0)" % load)
    p.expect("a4", 7)


def fences():
    p = program("fence", "i")
    p.data += ["word:", "\t.dword 0"]
    for text in ("fence", "fence rw, rw", "fence w, r", "fence r, w", "fence.tso", "fence i, o",
                 ".4byte 0x0100000f", ".4byte 0x0ff0000f | 5 << 7 | 6 << 15", ".4byte 0x10f0000f"):
        p.case()
        p("la a0, word", "li t0, 1", "li t1, 2", "sd t1, 0(a0)", text, "ld a1, 0(a0)")
        p.expect("a1", 2)
        p.expect("t0", 1)
    p = program("fence.i", "zifencei")
    p.writable_text = True
    p.case()
    p("li s0, 100", "li s1, 0", "la a0, patched", "lw a1, 0(a0)", "1:",
      # addi a0, zero, s1
      "slli a2, s1, 20", "li a3, 0x513", "or a2, a2, a3", "sw a2, 0(a0)", "fence.i",
      "la a4, patched", "jalr ra, 0(a4)", "bne a0, s1, fail", "la a0, patched", "addi s1, s1, 1",
      "bne s1, s0, 1b", "j 2f", ".balign 4", "patched:", "li a0, 0", "ret", "2:")
    p.case()
    p("la a0, patched2", "li a1, 0x00150513", "sw a1, 0(a0)", ".4byte 0x0000100f | 5 << 7 | 6 << 15",
      "li a0, 5", ".balign 4", "patched2:", "nop")
    p.expect("a0", 6)


def csrs():
    p = program("csr", "f")
    steps = [
        # instruction, fcsr before, expected rd, fcsr after; a1 = 0xffffffffffffff0a
        ("csrrw a0, fcsr, a1", 0x55, 0x55, 0x0A),
        ("csrrw a0, fflags, a1", 0xF5, 0x15, 0xEA),
        ("csrrw a0, frm, a1", 0xF5, 7, 0x55),
        ("csrrs a0, fcsr, a1", 0x55, 0x55, 0x5F),
        ("csrrs a0, fflags, a1", 0x95, 0x15, 0x9F),
        ("csrrs a0, frm, a1", 0x35, 1, 0x75),
        ("csrrc a0, fcsr, a1", 0x5F, 0x5F, 0x55),
        ("csrrc a0, fflags, a1", 0x9F, 0x1F, 0x95),
        ("csrrc a0, frm, a1", 0x7F, 3, 0x3F),
        ("csrrwi a0, fcsr, 31", 0x80, 0x80, 0x1F),
        ("csrrwi a0, fflags, 21", 0x80, 0, 0x95),
        ("csrrwi a0, frm, 29", 0x1F, 0, 0xBF),
        ("csrrsi a0, fcsr, 3", 0x90, 0x90, 0x93),
        ("csrrsi a0, fflags, 3", 0x90, 0x10, 0x93),
        ("csrrsi a0, frm, 4", 0x30, 1, 0xB0),
        ("csrrci a0, fcsr, 16", 0x95, 0x95, 0x85),
        ("csrrci a0, fflags, 16", 0x95, 0x15, 0x85),
        ("csrrci a0, frm, 4", 0xF5, 7, 0x75),
        ("csrrs a0, fcsr, zero", 0xF5, 0xF5, 0xF5),
        ("csrrc a0, fcsr, zero", 0xF5, 0xF5, 0xF5),
        ("csrrsi a0, fcsr, 0", 0xF5, 0xF5, 0xF5),
        ("csrrw zero, fcsr, a1", 0x00, 0, 0x0A),
    ]
    for text, before, rd, after in steps:
        p.case()
        p("li a1, 0xffffffffffffff0a", "li a2, %d" % before, "li a0, 0", "fscsr a2", text)
        p.expect("a0", rd)
        p("frcsr a3")
        p.expect("a3", after)
    p.case()
    p("li a1, 0xff", "csrrw a1, fcsr, a1", "csrrw a1, fcsr, a1")
    p.expect("a1", 0xFF)
    p = program("counters", "i")
    for name in ("rdtime", "rdcycle"):
        p.case()
        p("%s a0" % name, "1:", "%s a1" % name, "bgeu a0, a1, 1b")
    p.case()
    p("rdinstret a0", "nop", "nop", "rdinstret a1", "bgeu a0, a1, fail")


# Signals. The handler leaves at s0, with the signal in s1, its address in s2 and the
# interrupted pc in s3; it changes them in the frame.
HANDLER = """
	j after_handler
	.balign 4
handler:
	lw t0, 0(a1)
	sd t0, 176 + 9 * 8(a2)
	ld t0, 16(a1)
	sd t0, 176 + 18 * 8(a2)
	ld t0, 176(a2)
	sd t0, 176 + 19 * 8(a2)
	ld t0, 176 + 8 * 8(a2)
	sd t0, 176(a2)
	ret
	.balign 8
action:
	.dword handler, 4, 0, 0
after_handler:
""".split("\n")
SIGILL, SIGTRAP, SIGBUS, SIGSEGV = 4, 5, 7, 11


def with_signals(name, extension, **options):
    p = program(name, extension, **options)
    p(*[line.strip() for line in HANDLER if line.strip()])
    for number in (SIGILL, SIGTRAP, SIGBUS, SIGSEGV):
        p("li a0, %d" % number, "la a1, action", "li a2, 0", "li a3, 8", "li a7, 134", "ecall")
    return p


def raises(p, signal, *lines):
    """The last of lines gets the signal, at its own address."""
    p.case()
    p(*lines[:-1])
    p("la s0, 2f", "li s1, 0", "1:", lines[-1], "j fail", ".balign 4", "2:")
    p.expect("s1", signal)
    p("la tp, 1b", "bne s3, tp, fail")


def illegal():
    p = with_signals("illegal", "f")
    words = {
        "all zeros": 0x00000000, "all ones": 0xFFFFFFFF, "beyond 32 bits": 0x0000001F,
        "slliw by 32": 0x0205151B, "srliw by 32": 0x0205551B, "sraiw by 32": 0x4205551B,
        "slli with bit 26": 0x04051513, "jalr funct3 1": 0x00051567, "branch funct3 2": 0x00052063,
        "load funct3 7": 0x00057503, "store funct3 4": 0x00A54023, "op funct7": 0x7EB50533,
        "fadd.s rm 5": 0x00B55553, "fadd.s rm 6": 0x00B56553, "fadd.d rm 5": 0x02B55553,
        "fsqrt.d rs2 1": 0x5A150553, "fadd.q": 0x06B50553, "amo width byte": 0x00B5052F,
        "lr with rs2": 0x1015252F, "amo funct5": 0x28B5252F, "fcvt.w.s rm 6": 0xC0056553,
        "fmadd.s rm 5": 0x60B55543, "fence funct3 2": 0x0000200F, "mret": 0x30200073,
        "sret": 0x10200073, "uret": 0x00200073, "wfi": 0x10500073, "sfence.vma": 0x12000073,
        "csr funct3 4": 0x00054573, "flq": 0x00054507, "custom-0": 0x0000000B, "custom-1": 0x0000002B,
        "sub with funct7 0x60": 0x60B50533, "ecall with rd": 0x000000F3, "vsetvli": 0x00057057,
    }
    for word in words.values():
        raises(p, SIGILL, ".4byte %#x" % word)
    for half in (0x0000, 0x0004, 0x001C, 0x8000, 0x9FFC, 0x2001, 0x6101, 0x6281, 0x6001, 0x9C41,
                 0x9C61, 0x9C7D, 0x4002, 0x6002, 0x8002, 0x4022, 0x6022):
        raises(p, SIGILL, ".2byte %#x, 0" % half)
    p = with_signals("illegal_csr", "f",
                     not_qemu="setting no bits of a read-only register is legal there")
    for text in ("csrrw a0, 0xc00, zero", "csrrs a0, 0xc01, a1", "csrrwi zero, 0xc02, 0",
                 "csrrci a0, 0xc00, 1", "csrrw zero, 0x300, zero", "csrrs a0, 0x100, zero",
                 "csrrs a0, 0x004, zero", "csrrs a0, 0xc20, zero", "csrrs a0, 0xf14, zero",
                 "csrrs a0, 0x7b0, zero", "csrrs a0, 0x180, zero"):
        raises(p, SIGILL, "li a1, 0", "li a0, 77", text)
        p.expect("a0", 77)
    p = with_signals("illegal_frm", "d")
    for frm in (5, 6, 7):
        for text in ("fadd.s fa0, fa1, fa2, dyn", "fsqrt.d fa0, fa1, dyn", "fcvt.w.d a0, fa1, dyn",
                     "fcvt.d.l fa0, a0, dyn", "fmadd.d fa0, fa1, fa2, fa3, dyn",
                     "fcvt.s.d fa0, fa1, dyn",
                     ".4byte 0xd2057553", ".4byte 0x42057553"):
            raises(p, SIGILL, "fsrmi %d" % frm, "li a0, 77", "fmv.d.x fa0, a0", text)
            p("fmv.x.d a1, fa0")
            p.expect("a1", 77)
            p.expect("a0", 77)
        p.case()
        p("fsrmi %d" % frm, "li t0, 3", "fcvt.d.w fa1, t0", "fadd.d fa2, fa1, fa1, rtz",
          "fsgnj.d fa3, fa2, fa2", "feq.d a0, fa2, fa3", "fmv.x.d a1, fa2")
        p.expect("a0", 1)
        p.expect("a1", 0x4018000000000000)


def traps():
    p = with_signals("ebreak", "c")
    for n in range(3):
        raises(p, SIGTRAP, "ebreak")
        p(".option rvc")
        raises(p, SIGTRAP, "c.ebreak")
        p(".option norvc")
    # A fault changes nothing but what it names.
    p = with_signals("fault", "a")
    for text in ("lb a0, 0(a0)", "lh a0, 0(a0)", "lw a0, 0(a0)", "ld a0, 0(a0)", "lbu a0, 0(a0)",
                 "lhu a0, 0(a0)", "lwu a0, 0(a0)", "lr.w a0, (a0)", "lr.d a0, (a0)",
                 "sb a0, 0(a0)", "sh a0, 0(a0)", "sw a0, 0(a0)", "sd a0, 0(a0)",
                 "amoadd.w a0, a0, (a0)", "amoswap.d a0, a0, (a0)", "amomax.w a0, a0, (a0)",
                 "flw fa0, 0(a0)", "fld fa0, 0(a0)", "fsw fa0, 0(a0)", "fsd fa0, 0(a0)"):
        raises(p, SIGSEGV, "li a0, 0x1000", "li t0, 99", "fmv.d.x fa0, t0", text)
        p.expect("a0", 0x1000)
        p.expect("s2", 0x1000)
        p("fmv.x.d a1, fa0")
        p.expect("a1", 99)
    # A jump to nowhere faults there.
    p.case()
    p("la s0, 2f", "li s1, 0", "li a0, 0x1000", "jalr ra, 0(a0)", "1:", "j fail", ".balign 4", "2:")
    p.expect("s1", SIGSEGV)
    p.expect("s2", 0x1000)
    p.expect("s3", 0x1000)
    p("la tp, 1b", "bne ra, tp, fail")
    p = with_signals("misaligned_atomic", "a", not_qemu="misaligned atomics work there")
    p.data += ["word:", "\t.space 64"]
    for text, sizes in (("lr.w a1, (a0)", 4), ("lr.d a1, (a0)", 8), ("sc.w a1, a2, (a0)", 4),
                        ("sc.d a1, a2, (a0)", 8), ("amoadd.w a1, a2, (a0)", 4),
                        ("amoadd.d a1, a2, (a0)", 8), ("amominu.w a1, a2, (a0)", 4),
                        ("amoswap.d a1, a2, (a0)", 8)):
        for offset in sorted({1, 2, sizes // 2 + 1, sizes // 2}):
            raises(p, SIGBUS, "la a0, word + %d" % offset, "li a1, 55", "li a2, 66", text)
            p.expect("a1", 55)
            p("bne s2, a0, fail", "la a0, word", "ld a1, 0(a0)")
            p.expect("a1", 0)


# Floating point.
def corner_values(f):
    return [0, f.sign, f.one, f.one | f.sign, f.one + f.unit // 2, f.inf - 1, 1, f.unit - 1 | f.sign,
            f.unit, f.inf, f.inf | f.sign, f.qnan | f.sign, f.snan, f.qnan + 3]


def random_value(p, f, near=None):
    r = p.random
    if r.random() < 0.3 or near is None:
        return r.getrandbits(f.bits)
    exponent = (near & ~f.sign) // f.unit + r.randint(-3, 3)
    exponent = max(0, min(exponent, f.inf // f.unit - 1))
    fraction = r.getrandbits(f.fbits) & ~((1 << r.randint(0, f.fbits)) - 1)
    return exponent * f.unit + fraction + r.getrandbits(1) * f.sign


def fp_case(p, text, f, raws, result_in, want, flags, rm=None):
    """text has {d} {a} {b} {c} {rm}; raws go to F registers, or the first to an X one."""
    names = p.fresh(4, FREGISTERS)
    temporary, rd = p.fresh(2)
    p.case()
    for name, raw in zip(names[1:], raws):
        p.load_f(name, raw, temporary)
    dynamic = rm is not None and p.random.random() < 0.5
    other = p.random.randrange(8)
    p("fsrmi %d" % (rm if dynamic else other), "fsflagsi 0")
    mode = "" if rm is None else ", dyn" if dynamic else ", " + m.RM_NAMES[rm]
    if result_in == "x":
        p("li %s, -1" % rd)
    p(text.format(d=rd if result_in == "x" else names[0], a=names[1], b=names[2], c=names[3], rm=mode))
    p("frflags tp", "li %s, %d" % (temporary, flags),
      "bne tp, %s, fail" % temporary)
    if result_in == "f":
        p("fmv.x.d %s, %s" % (rd, names[0]))
    p.expect(rd, want)


def fp_extension(f):
    return {"h": "zfh", "s": "f", "d": "d"}[f.letter]


def arithmetic(f):
    for base, compute in list(m.FP2.items()):
        p = program("%s.%s" % (base, f.letter), fp_extension(f))
        text = "%s.%s {d}, {a}, {b}{rm}" % (base, f.letter)
        corners = corner_values(f)
        chosen = [(a, b) for a in corners for b in corners]
        p.random.shuffle(chosen)
        for a, b in chosen[:110]:
            rm = p.random.randrange(5)
            bits, flags = compute(f, rm, a, b)
            fp_case(p, text, f, (f.box(a), f.box(b)), "f", f.box(bits), flags, rm)
        for n in range(20):
            a = random_value(p, f)
            b = random_value(p, f, near=a)
            for rm in range(5):
                bits, flags = compute(f, rm, a, b)
                fp_case(p, text, f, (f.box(a), f.box(b)), "f", f.box(bits), flags, rm)
        unboxed(p, text, f, lambda a, b: compute(f, 0, a, b), 2)
    p = program("fsqrt." + f.letter, fp_extension(f))
    text = "fsqrt.%s {d}, {a}{rm}" % f.letter
    for a in corner_values(f) + [random_value(p, f) & ~f.sign for _ in range(25)]:
        for rm in range(5):
            bits, flags = m.fsqrt(f, rm, a)
            fp_case(p, text, f, (f.box(a),), "f", f.box(bits), flags, rm)
    unboxed(p, text, f, lambda a: m.fsqrt(f, 0, a), 1)


def unboxed(p, text, f, compute, operands):
    """Operands that are not properly boxed are NaNs."""
    if f.bits == 64:
        return
    for which in range(operands):
        raws = [f.box(f.one)] * operands
        raws[which] ^= 1 << 63
        bits, flags = compute(*[f.unbox(raw) for raw in raws])
        fp_case(p, text, f, raws, "f", f.box(bits), flags, 0 if "{rm}" in text else None)


def fused(f):
    for base, compute in m.FMA.items():
        p = program("%s.%s" % (base, f.letter), fp_extension(f))
        text = "%s.%s {d}, {a}, {b}, {c}{rm}" % (base, f.letter)
        corners = corner_values(f)
        for n in range(110):
            a, b, c = (p.random.choice(corners) for _ in range(3))
            if n < 8: # invalid whatever is added
                a, b = ((f.inf, 0), (f.sign, f.inf))[n % 2]
                c = (f.qnan, f.one, f.snan, f.inf)[n // 2]
            rm = p.random.randrange(5)
            bits, flags = compute(f, rm, a, b, c)
            fp_case(p, text, f, (f.box(a), f.box(b), f.box(c)), "f", f.box(bits), flags, rm)
        for n in range(20):
            a = random_value(p, f, near=f.one)
            b = random_value(p, f, near=f.one)
            product, _ = m.fmul(f, 0, a, b)
            c = random_value(p, f, near=product)
            if n % 4 == 0: # what is left is the product's rounding error
                c = product ^ (f.sign if base in ("fmadd", "fnmadd") else 0)
            for rm in range(5):
                bits, flags = compute(f, rm, a, b, c)
                fp_case(p, text, f, (f.box(a), f.box(b), f.box(c)), "f", f.box(bits), flags, rm)
        unboxed(p, text, f, lambda a, b, c: compute(f, 0, a, b, c), 3)


def moves(f):
    extension = fp_extension(f)
    corners = corner_values(f)
    for base, compute in m.SIGN.items():
        p = program("%s.%s" % (base, f.letter), extension)
        text = "%s.%s {d}, {a}, {b}" % (base, f.letter)
        for a in corners:
            for b in corners[:4] + corners[-3:]:
                fp_case(p, text, f, (f.box(a), f.box(b)), "f", f.box(compute(f, a, b)), 0)
        unboxed(p, text, f, lambda a, b: (compute(f, a, b), 0), 2)
    for base in ("fmin", "fmax"):
        p = program("%s.%s" % (base, f.letter), extension)
        text = "%s.%s {d}, {a}, {b}" % (base, f.letter)
        for a in corners:
            for b in corners:
                bits, flags = m.min_max(base, f, a, b)
                fp_case(p, text, f, (f.box(a), f.box(b)), "f", f.box(bits), flags)
        unboxed(p, text, f, lambda a, b: m.min_max(base, f, a, b), 2)
    for base in ("feq", "flt", "fle"):
        p = program("%s.%s" % (base, f.letter), extension)
        text = "%s.%s {d}, {a}, {b}" % (base, f.letter)
        for a in corners:
            for b in corners:
                result, flags = m.compare(base, f, a, b)
                fp_case(p, text, f, (f.box(a), f.box(b)), "x", result, flags)
    p = program("fclass." + f.letter, extension)
    for a in corners + [x ^ f.sign for x in corners]:
        fp_case(p, "fclass.%s {d}, {a}" % f.letter, f, (f.box(a),), "x", m.classify(f, a), 0)
    if f.bits < 64:
        fp_case(p, "fclass.%s {d}, {a}" % f.letter, f, (f.one,), "x", 1 << 9, 0)


def register_moves(f):
    letter = {"h": "h", "s": "w", "d": "d"}[f.letter]
    extension = fp_extension(f)
    p = program("fmv.x." + letter, extension)
    for value in VALUES + p.numbers(10):
        fp_case(p, "fmv.x.%s {d}, {a}" % letter, f, (value,), "x", m.sext(value, f.bits), 0)
    p = program("fmv.%s.x" % letter, extension)
    for value in VALUES + p.numbers(10):
        p.case()
        p("li a0, %#x" % value, "fmv.%s.x fa0, a0" % letter, "fmv.x.d a1, fa0")
        p.expect("a1", f.box(value & ((1 << f.bits) - 1)))
    load, store = {"h": ("flh", "fsh"), "s": ("flw", "fsw"), "d": ("fld", "fsd")}[f.letter]
    size = f.bits // 8
    p = program(load, extension)
    area(p)
    for at in range(12):
        for offset in (0, 2047, -2048):
            value = int.from_bytes(PATTERN[at:at + size], "little")
            p.case()
            p("la a0, area + %d" % (at - offset), "%s fa0, %d(a0)" % (load, offset), "fmv.x.d a1, fa0")
            p.expect("a1", f.box(value))
    p = program(store, extension)
    area(p)
    for at in range(12):
        for offset in (0, 2047, -2048):
            value = p.random.getrandbits(64)
            p.case()
            p("la a2, area", "sd zero, 0(a2)", "sd zero, 8(a2)", "sd zero, 16(a2)")
            p.load_f("fa0", value, "a1")
            p("la a0, area + %d" % (at - offset), "%s fa0, %d(a0)" % (store, offset))
            whole = (value & ((1 << f.bits) - 1)) << at * 8
            for i in range(3):
                p("ld a1, %d(a2)" % (i * 8))
                p.expect("a1", whole >> i * 64 & m.M64)


def conversions(f):
    for kind, (width, signed) in m.INTS.items():
        p = program("fcvt.%s.%s" % (kind, f.letter), fp_extension(f))
        text = "fcvt.%s.%s {d}, {a}{rm}" % (kind, f.letter)
        values = corner_values(f)
        for power in (31, 32, 63, 64):
            if power <= f.bias:
                edge = f.one + power * f.unit
                around = [edge, edge - 1, edge + 1]
                values += around + [value | f.sign for value in around]
        half = f.one - f.unit
        values += [half, half | f.sign, half - 1, half + 1, f.one + f.unit // 2 | f.sign,
                   f.one + f.unit + f.unit // 4]
        for n, a in enumerate(values):
            for rm in range(5):
                result, flags = m.to_int(kind, f, rm, a)
                if p.cases < 230:
                    fp_case(p, text, f, (f.box(a),), "x", result, flags, rm)
        if f.bits < 64:
            result, flags = m.to_int(kind, f, 0, f.qnan)
            fp_case(p, text, f, (f.one,), "x", result, flags, 0)
        p = program("fcvt.%s.%s" % (f.letter, kind), fp_extension(f))
        for value in VALUES + p.numbers(8) + [(1 << 24) + 1, (1 << 53) + 1, (1 << 54) + 2, 65520, 2049]:
            for rm in range(5):
                bits, flags = m.from_int(kind, f, rm, value)
                p.case()
                p("li a0, %#x" % value, "fsrmi %d" % p.random.randrange(8), "fsflagsi 0",
                  "fcvt.%s.%s fa0, a0" % (f.letter, kind) +
                  (", " + m.RM_NAMES[rm] if (f.letter, kind) not in (("d", "w"), ("d", "wu")) else ""),
                  "frflags a2", "fmv.x.d a1, fa0")
                p.expect("a1", f.box(bits))
                p.expect("a2", flags)
    for to in (m.H, m.S, m.D):
        if to is f:
            continue
        extension = "zfh" if "h" in (to.letter, f.letter) else "d"
        p = program("fcvt.%s.%s" % (to.letter, f.letter), extension)
        widens = to.bits > f.bits
        text = "fcvt.%s.%s {d}, {a}%s" % (to.letter, f.letter, "" if widens else "{rm}")
        values = corner_values(f) + [random_value(p, f) for _ in range(8)]
        if not widens:
            # Around the least and the greatest numbers of the narrower format, and ties.
            for v in (to.inf - 1, to.inf - to.unit, to.unit, to.unit - 1, 1, to.one, to.one + 1):
                exact, _ = m.convert(f, to, 0, v)
                step = 1 << (f.fbits - to.fbits - 1)
                values += [exact, exact + step, exact + step - 1, exact + step + 1]
        for a in values:
            for rm in range(1 if widens else 5):
                bits, flags = m.convert(to, f, rm, a)
                if p.cases < 236:
                    fp_case(p, text, f, (f.box(a),), "f", to.box(bits), flags, None if widens else rm)
        if f.bits < 64:
            fp_case(p, text, f, (f.one,), "f", to.box(to.qnan), 0, None if widens else 0)


# 16-bit instructions.
SHORT = ["s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5"]


def start(name):
    p = program(name, "c")
    p(".option rvc")
    return p


def offsets(size, sp):
    """Every bit of a load's or store's offset."""
    return [size * n for n in [0, 1, 2, 4, 8, 16, 31] + ([63] if sp else [])]


def compressed_immediates():
    p = start("c.addi4spn")
    for imm in (4, 8, 16, 64, 512, 1020):
        for rd in SHORT[:4]:
            p.case()
            p("li sp, 0x123450", "c.addi4spn %s, sp, %d" % (rd, imm))
            p.expect(rd, 0x123450 + imm)
    simple = [("c.addi", lambda a, i: a + i, [1, -1, 31, -32], ""),
              ("c.addiw", lambda a, i: m.s32(a + i), [0, 1, -1, 31, -32], ""),
              ("c.andi", lambda a, i: a & i, [0, 1, -1, 31, -32], "short"),
              ("c.li", lambda a, i: i, [0, 1, -1, 31, -32], ""),
              ("c.slli", lambda a, i: a << i, [1, 31, 32, 63], ""),
              ("c.srli", lambda a, i: a >> i, [1, 31, 32, 63], "short"),
              ("c.srai", lambda a, i: m.s64(a) >> i, [1, 31, 32, 63], "short")]
    for name, f, immediates, kind in simple:
        p = start(name)
        for a in VALUES:
            for i in immediates:
                rd, = p.fresh(1, SHORT if kind else REGISTERS)
                p.case()
                p("li %s, %#x" % (rd, a), "%s %s, %d" % (name, rd, i))
                p.expect(rd, f(a, i))
    p = start("c.hints")
    for half in (0x0001, 0x0005, 0x1001, 0x4001, 0x4005, 0x6005, 0x0002, 0x0006, 0x8006, 0x900A, 0x0501,
                 0x8101, 0x8501, 0x0502):
        p.case()
        p("li a0, 77", ".2byte %#x" % half)
        p.expect("a0", 77)
        p.expect("zero", 0)
    p = start("c.lui")
    for imm in (1, 31, 0xFFFE0, 0xFFFFF):
        for rd in ("ra", "a0", "t6"):
            p.case()
            p("c.lui %s, %#x" % (rd, imm))
            p.expect(rd, m.sext(imm << 12, 32))
    p = start("c.addi16sp")
    for imm in (16, -16, 32, 64, 128, 256, 496, -512):
        p.case()
        p("li sp, 0x123450", "c.addi16sp sp, %d" % imm)
        p.expect("sp", 0x123450 + imm)


def compressed_registers():
    for name in ("sub", "xor", "or", "and", "subw", "addw"):
        p = start("c." + name)
        for a, b in pairs(p)[::3]:
            rd, rs2 = p.fresh(2, SHORT)
            p.case()
            p("li %s, %#x" % (rd, a), "li %s, %#x" % (rs2, b), "c.%s %s, %s" % (name, rd, rs2))
            p.expect(rd, m.R[name](a, b))
        p.case()
        p("li a0, 3", "c.%s a0, a0" % name)
        p.expect("a0", m.R[name](3, 3))
    for name, f in (("c.mv", lambda a, b: b), ("c.add", lambda a, b: a + b)):
        p = start(name)
        for a, b in pairs(p)[::2]:
            rd, rs2 = p.fresh(2)
            p.case()
            p("li %s, %#x" % (rd, a), "li %s, %#x" % (rs2, b), "%s %s, %s" % (name, rd, rs2))
            p.expect(rd, f(a, b))


def compressed_loads():
    for name, size, kind in (("lw", 4, "x"), ("ld", 8, "x"), ("fld", 8, "f")):
        for sp in (False, True):
            p = start("c.%s%s" % (name, "sp" if sp else ""))
            area(p)
            for offset in offsets(size, sp):
                targets = ("ra", "a0", "t6") if sp else ("s0", "a5")
                for rd in targets if kind == "x" else ("fs0", "fa5"):
                    base = "sp" if sp else "a3"
                    p.case()
                    p("la %s, area + %d" % (base, 5 - offset),
                      "c.%s%s %s, %d(%s)" % (name, "sp" if sp else "", rd, offset, base))
                    if kind == "f":
                        p("fmv.x.d t3, %s" % rd)
                        rd = "t3"
                    p.expect(rd, m.sext(int.from_bytes(PATTERN[5:5 + size], "little"), size * 8))


def compressed_stores():
    for name, size, kind in (("sw", 4, "x"), ("sd", 8, "x"), ("fsd", 8, "f")):
        for sp in (False, True):
            p = start("c.%s%s" % (name, "sp" if sp else ""))
            area(p)
            for offset in offsets(size, sp):
                for rs2 in ("s0", "a5") if kind == "x" else ("fs0", "fa5"):
                    base = "sp" if sp else "a3"
                    value = p.random.getrandbits(64)
                    p.case()
                    p("la t1, area", "sd zero, 0(t1)", "sd zero, 8(t1)", "sd zero, 16(t1)",
                      "la %s, area + %d" % (base, 5 - offset), "li t2, %#x" % value,
                      ("mv %s, t2" if kind == "x" else "fmv.d.x %s, t2") % rs2,
                      "c.%s%s %s, %d(%s)" % (name, "sp" if sp else "", rs2, offset, base))
                    whole = value % (1 << size * 8) << 40
                    for i in range(3):
                        p("ld t2, %d(t1)" % (i * 8))
                        p.expect("t2", whole >> i * 64 & m.M64)


def compressed_jumps():
    p = start("c.j")
    p.case()
    p("c.j 1f", "j fail", "1:")
    p.case()
    p("j 2f", "1:", "j 3f", "2:", "c.j 1b", "j fail", "3:")
    p.case()
    p("c.j 1f", ".space 2044", "1:")
    p.case()
    p("j 2f", "1:", "j 3f", ".space 2038", "2:", "c.j 1b", "3:")
    for name, want in (("c.beqz", True), ("c.bnez", False)):
        p = start(name)
        for value in VALUES:
            for backward in (False, True):
                rs1, = p.fresh(1, SHORT)
                taken = (value == 0) == want
                p.case()
                p("li %s, %#x" % (rs1, value))
                if backward:
                    p("j 2f", "1:", "j %s" % ("3f" if taken else "fail"), ".space 200", "2:",
                      "%s %s, 1b" % (name, rs1), "j %s" % ("fail" if taken else "3f"), "3:")
                else:
                    p("%s %s, 1f" % (name, rs1), "j %s" % ("fail" if taken else "2f"), ".space 200",
                      "1:", "j %s" % ("2f" if taken else "fail"), "2:")
    p = start("c.jr")
    for rs1 in ("ra", "a0", "t6"):
        p.case()
        p("la %s, 1f + 1" % rs1, "c.jr %s" % rs1, "j fail", "1:")
    p = start("c.jalr")
    for rs1 in ("ra", "a0", "t6"):
        p.case()
        p("la %s, 1f" % rs1, "c.jalr %s" % rs1, "0:", "j fail", "1:", "la tp, 0b", "bne ra, tp, fail")
    # Links of 16-bit jumps and instructions across a page.
    p = start("c.page")
    p.case()
    p("li a0, 1", "j 1f", ".balign 4096", ".space 4094", "1:", "addi a0, a0, 5")
    p.expect("a0", 6)


def all_programs():
    for name in m.R:
        register_register(name)
    for name in m.UNARY:
        unary(name)
    for name, f in m.I.items():
        immediate(name, f, [0, 1, -1, 2047, -2048, 0x555], "i")
    for name, (width, f) in m.SHIFT.items():
        shifts = [0, 1, 31, 7] + ([32, 63] if width == 64 else [])
        immediate(name, f, shifts, extension_of(name))
    upper()
    branches()
    jumps()
    memory()
    atomics()
    fences()
    csrs()
    illegal()
    traps()
    for f in (m.S, m.D, m.H):
        arithmetic(f)
        fused(f)
        moves(f)
        register_moves(f)
        conversions(f)
    compressed_immediates()
    compressed_registers()
    compressed_loads()
    compressed_stores()
    compressed_jumps()


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    all_programs()
    names = [p.name for p in programs]
    assert len(names) == len(set(names))
    for p in programs:
        with open(os.path.join(out, p.name + ".s"), "w") as file:
            file.write(p.text())
    print("%d programs, %d cases" % (len(programs), sum(p.cases for p in programs)))


main()
