# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a person waits for rewind; see bench.py for how rows are made."""

import fcntl
import os
import select
import struct
import subprocess
import termios
import time

from bench import CPU, OUT, SUNDIAL, Failed, command, medians


def first_screen(path):
    """Real seconds until rewind shows a recording on a terminal."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    start = time.perf_counter()
    with subprocess.Popen([SUNDIAL, "rewind", path], stdin=theirs, stdout=theirs,
                          stderr=subprocess.DEVNULL, env={**os.environ, "TERM": "linux"},
                          preexec_fn=lambda: os.sched_setaffinity(0, {CPU})) as process:
        shown = b""
        while b"q quit" not in shown and select.select([ours], [], [], 60)[0]:
            shown += os.read(ours, 65536)
        seconds = time.perf_counter() - start
        os.write(ours, b"q")
        while process.poll() is None:
            if select.select([ours], [], [], 0.1)[0]:
                os.read(ours, 65536)
    os.close(ours)
    os.close(theirs)
    if b"q quit" not in shown:
        raise Failed(f"rewind {path}: no screen")
    return seconds


def opening():
    """A full recording, opened on one core; cat reads it as well, and copies it to nowhere."""
    path = f"{OUT}/opening.record"
    command([SUNDIAL, "record", "--quiet", "--buffer", "512", "-o", path, "--",
             os.path.abspath("build/record/emit"), "2", "1500000"])
    ours, theirs = medians(lambda: first_screen(path),
                           lambda: command(["sh", "-c", f"cat {path} >/dev/null"])[0])
    mib = os.path.getsize(path) / 2**20
    os.unlink(path)
    yield (f"rewind's first screen of {mib:.0f} MiB", ours * 1000, "ms", "cat to /dev/null",
           theirs * 1000, "1000 ms")


MEASURES = {f.__name__: f for f in (opening,)}
