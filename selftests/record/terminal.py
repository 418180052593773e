#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the terminal view of rewind shows, through a real terminal of a given size.

Arguments: rewind's command, a recording of uaf_threads, one of a program with a harmful
name. Prints TAP; a screen is waited for, so that no time of the machine matters.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pyte

COMMAND, CRASH, HARMFUL = sys.argv[1].split(), sys.argv[2], sys.argv[3]
WAIT_S = 20
# pyte is a Linux console: of an xterm it lacks scrolling and repeating.
KEYS = {"up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[1~",
        "end": "\x1b[4~", "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "enter": "\r", "tab": "\t"}
number = failed = 0


class Terminal:
    def __init__(self, recording, lines=30, columns=110, term="linux", **environment):
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if not self.pid:
            environment = {**os.environ, "TERM": term, "LC_ALL": "C.UTF-8", **environment}
            os.execve(COMMAND[0], [*COMMAND, recording], environment)
        self.resize(lines, columns)

    def resize(self, lines, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)

    def read(self, wait):
        if not select.select([self.fd], [], [], wait)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, pattern):
        """Whether the screen comes to match."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if re.search(pattern, self.text(), re.M):
                while self.read(0.05):
                    pass
                if re.search(pattern, self.text(), re.M):
                    return True
            self.read(0.1)
        return False

    def press(self, *keys):
        for key in keys:
            os.write(self.fd, KEYS.get(key, key).encode())

    def cursor_line(self):
        """The line of the list that is shown reversed."""
        for y in range(2, self.screen.lines - 1):
            if self.screen.buffer[y][0].reverse:
                return self.screen.display[y].rstrip()
        return ""

    def until_cursor(self, pattern):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if re.search(pattern, self.cursor_line()):
                return True
            self.read(0.1)
        return False

    def status(self):
        """How it ended, once it has."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return "it goes on"


def result(good, name, terminal=None):
    global number, failed
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    if not good:
        failed += 1
        if terminal:
            print("\n".join(f"#   |{line}" for line in terminal.text().split("\n")))


def main():
    t = Terminal(CRASH)
    result(t.until(r"^ use after free in main"), "the diagnosis is at the top", t)
    result(t.until(r"likely mend: keep the block"), "with the likely mend", t)
    result(t.until(r"^ +seconds CPU name +thread  event"), "columns have names", t)
    result(t.until_cursor(r"SIGSEGV delivered"), "the cursor is at the crash", t)
    t.press("up")
    result(t.until_cursor(r"SIGSEGV for thread"), "Up: the event before", t)
    t.press("a")
    result(t.until_cursor(r"malloc\(88\)"), "a: where the block was allocated", t)
    t.press("f")
    result(t.until_cursor(r"free\(.*of 88 bytes"), "f: where it was freed", t)
    t.press("enter")
    result(t.until(r"^ stack$") and t.until(r"#0 +release at .*uaf_threads.c:17"),
           "Enter: its stack", t)
    result(t.until(r">    17 +free\(shared\);"), "with the line of the source", t)
    result(t.until(r"16  \{"), "and lines around", t)
    t.press("q", "u")
    result(t.until_cursor(r"SIGSEGV"), "u: where it was used", t)
    t.press("home")
    result(t.until_cursor(r" 0\.0+ "), "Home: the first event", t)
    t.press("end")
    result(t.until_cursor(r"ends by SIGSEGV"), "End: the last", t)
    t.press("c", "[")
    result(t.until_cursor(r"SIGSEGV for"), "[: the same thread's event before", t)

    t.press("/", *"type=alloc", "enter")
    result(t.until(r"^ *[0-9.]+ .*malloc") and not re.search("mmap", t.text()),
           "/ filters", t)
    result(t.until(r"type=alloc.*/ filter"), "and the filter is shown", t)
    t.press("/", "\x15", *"type=free(", "enter")
    result(t.until(r"parenthesis|missing"), "a wrong filter is told", t)
    t.press("/", "\x15", "enter", "c", "end", "pgup", "p")
    result(t.until(r"of \d+ events") and t.until(r"munmap|mmap|rt_sig"), "no filter: all again", t)

    t.press("t")
    result(t.until(r"^uaf_threads +\d+ +.*[.:+#]") and t.until("X"), "t: timeline by thread", t)
    t.press("t")
    result(t.until(r"^CPU \d .*[.:+#]"), "t: by CPU", t)
    t.press("+", "+", "left", "0", "t")
    result(t.until(r"seconds CPU name"), "t: and the list", t)
    t.press("d")
    result(t.until(r"used at .*by uaf_threads") and t.until(r"#0 +main at"), "d: the stacks", t)
    t.press("q", "?")
    result(t.until(r"Enter +details"), "?: the keys", t)
    t.press("q")
    t.until("seconds CPU")

    for lines, columns in ((50, 160), (12, 40), (5, 20), (3, 10), (1, 3), (24, 80)):
        t.resize(lines, columns)
        t.press("down", "up", "enter", "q", "t", "down", "t", "t")
    result(t.until(r"^ use after free in main") and t.until(r"seconds CPU name"),
           "every size works, and 24x80 is whole after that", t)
    t.press("q")
    result(t.status() == 0, "q: ends with status 0", t)

    t = Terminal(CRASH, NO_COLOR="1")
    t.until(r"seconds CPU name")
    t.press("q")
    t.status()
    result(not re.search(rb"\x1b\[[0-9;]*3[1-7]m", t.raw), "NO_COLOR: no colors", t)
    t = Terminal(CRASH)
    t.until(r"seconds CPU name")
    t.press("q")
    t.status()
    result(re.search(rb"\x1b\[[0-9;]*3[1-7]m", t.raw), "else colors", t)
    t = Terminal(CRASH, lines=100, term="dumb")
    result(t.status() == 0 and b"timeline, 20 of" in t.raw and b"\x1b" not in t.raw,
           "TERM=dumb: plain text", t)

    t = Terminal(HARMFUL)
    t.until(r"seconds CPU name")
    t.press("enter", "q", "home", "d", "q", "q")
    t.status()
    result(b"]0;owned" not in t.raw.replace(b"?]0;owned", b"") and b"?]0;owned" in t.raw,
           "what a program is called does nothing to the terminal", t)
    print(f"1..{number}")
    return failed > 0


sys.exit(main())
