# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks gdb's protocol to a stub, well and badly: packets.py SOCKET; prints TAP."""

import random
import re
import socket
import sys
import time

link = socket.socket(socket.AF_UNIX)
for _ in range(500):
    if not link.connect_ex(sys.argv[1]):
        break
    time.sleep(0.05)
else:
    sys.exit("nobody listens at " + sys.argv[1])
link.settimeout(60)
stream = link.makefile("rb")
count = failed = 0


def check(good, name, *more):
    global count, failed
    count += 1
    failed += not good
    print("ok" if good else "not ok", count, "-", name)
    for line in more if not good else ():
        print("#  ", line)


def send(data):
    if isinstance(data, str):
        data = data.encode()
    link.sendall(b"$" + data + b"#%02x" % (sum(data) % 256))


def receive():
    while (byte := stream.read(1)) != b"$":
        if not byte:
            raise EOFError
    data = b""
    while (byte := stream.read(1)) != b"#":
        data += bytes([stream.read(1)[0] ^ 0x20]) if byte == b"}" else byte
    stream.read(2)
    return data


def ask(data):
    send(data)
    return receive()


def number(data):
    return int.from_bytes(bytes.fromhex(data.decode()), "little")


ask("QStartNoAckMode")
stop = ask("?")
check(re.fullmatch(rb"T05thread:[0-9a-f]+;", stop), "the first stop names its thread", stop)
xml = ask("qXfer:features:read:target.xml:0,ffff")
check(xml[:1] == b"l" and b"riscv:rv64" in xml, "a description of the target", xml[:80])
pieces = b""
while len(piece := ask("qXfer:features:read:target.xml:%x,40" % len(pieces))) > 1:
    pieces += piece[1:]
    if piece[:1] == b"l":
        break
check(pieces == ask("qXfer:features:read:target.xml:0,ffff")[1:], "the same piece by piece")
check(number(ask("p20")) % 2 == 0 and number(ask("p2")) % 16 == 0, "pc and sp")
check(ask("p0") == b"0" * 16 and ask("P0=0100000000000000") == b"OK" and ask("p0") == b"0" * 16,
      "x0 stays 0")
ask("P21=000000000000f03f")
check(ask("p21") == b"000000000000f03f", "a floating-point register is written and read")
ask("P43=04000000")
check(ask("p44")[:2] == b"80" and ask("p43") == b"04000000", "frm is a part of fcsr")
ask("P44=00000000")
registers = ask("g")
check(ask(b"G" + registers) == b"OK" and ask("g") == registers, "all registers are written back")
check(ask("pffff") == b"E01" and ask("p41") == b"E01" and ask("Pffff=00") == b"E01",
      "registers that do not exist")
sp = number(ask("p2"))
check(ask("X%x,4:" % (sp - 16) + "ab}\x04c") == b"OK" and ask("m%x,4" % (sp - 16)) == b"61622463",
      "binary memory writes, escaped")
check(ask("M%x,2:beef" % (sp - 16)) == b"OK" and ask("m%x,2" % (sp - 16)) == b"beef",
      "memory writes in digits")
check(ask("m0,8") == b"E0e" and ask("M0,1:00") == b"E0e", "where nothing is mapped")
check(ask("m7f0000000000,8") == b"E0e" and ask("m%x,8" % (1 << 38)) == b"E0e",
      "the engine's memory is not the guest's")
check(ask("Z0,7f0000000000,2") == b"E01" and ask("Z9,10000,2") == b"E01", "impossible breakpoints")
check([ask("Z0,%x,2" % (0x10000 + 2 * i)) for i in range(4096)] == [b"OK"] * 4096 and
      ask("Z0,20000000,2") == b"E01", "4,096 breakpoints are possible")
check([ask("z0,%x,2" % (0x10000 + 2 * i)) for i in range(4096)] == [b"OK"] * 4096, "and go")
check([ask("Z2,%x,8" % (0x10000 + 8 * i)) for i in range(65)] == [b"OK"] * 64 + [b"E01"],
      "64 watchpoints are possible")
[ask("z2,%x,8" % (0x10000 + 8 * i)) for i in range(65)]
check(ask("Hg7fffffff") == b"E01" and ask("T7fffffff") == b"E01", "a thread that does not exist")
check(ask("vMustReplyEmpty") == b"" and ask("!") == b"" and ask("") == b"", "unknown packets")

# Anything but what lets the program run, ends the session or closes the stub's own files.
random.seed(64)
heads = ["m", "M", "X", "p", "P", "G", "H", "T", "Z0,", "z0,", "Z2,", "z2,", "qXfer:features:read:",
         "qXfer:siginfo:read:", "qXfer:siginfo:write:", "qXfer:exec-file:read:",
         "qXfer:threads:read:", "qXfer:auxv:read:", "QPassSignals:", "qSupported", "vFile:open:",
         "vFile:pread:", "vFile:fstat:", "vFile:", "vCont?", "qC", "q", "Q"]
letters = "0123456789abcdefABCDEF,;:=#$}* -\x01\xff"
for n in range(3000):
    body = random.choice(heads) + "".join(random.choices(letters, k=random.randrange(24)))
    body = body.encode("latin1").replace(b"}", b"}]").replace(b"#", b"}\x03").replace(b"$", b"}\x04")
    ask(body)
check(ask("?") == stop, "3,000 random packets later the stub answers")
ask("m0," + "f" * 16000)
link.sendall(b"$" + b"m" * 100000 + b"#00")
receive()
check(ask("?") == stop, "packets that are too long are answered")
ask(b"G" + registers)
ask("QPassSignals:")
link.sendall(b"$m")
link.close()
print("1..%d" % count)
sys.exit(failed != 0)
