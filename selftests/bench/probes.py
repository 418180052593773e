# SPDX-License-Identifier: GPL-2.0-or-later
"""What the recorder's probes cost, beside a probe that does nothing; see recorder.py."""

import os
import re
import subprocess

from bench import OUT, SUNDIAL, command, medians

HITS, MANY = os.path.abspath("build/bench/hits"), os.path.abspath("build/record/many")
CALLS = 300000


def recorded(program, *options):
    return [SUNDIAL, "record", "--quiet", "--no-syscalls", "--no-sched", "--no-malloc", "--buffer",
            "16", "-o", f"{OUT}/bench.record", *options, "--", *program]


def probes():
    """A call of a function that is probed at a cheap place."""
    cpus = len(os.sched_getaffinity(0))

    def hit_ns(mode, threads=1, wrap=lambda program: program):
        def measure():
            program = wrap([HITS, mode, str(threads), str(CALLS)])
            if threads == 1:
                out = command(program)[1]
            else: # on all CPUs
                out = subprocess.run(program, stdout=subprocess.PIPE, check=True, timeout=120).stdout.decode()
            return float(re.findall(r"^[0-9]+\.[0-9]+$", out, re.M)[0])
        return measure

    def ours(*options):
        return lambda program: recorded(program, "--func", "hit", *options)

    bare, call, both, crowd = medians(
        hit_ns("bare"), hit_ns("plain", wrap=ours("--no-returns")), hit_ns("plain", wrap=ours()),
        hit_ns("plain", cpus, ours("--no-returns")))
    yield "an event of a call, 72 bytes, more", call - bare, "ns", "an empty uprobe", bare, "100 ns"
    yield "a call and its return", both, "ns", "the call alone", call, ""
    yield "events by uprobes, one core", 1e3 / call, "million/s/core", "empty ones", 1e3 / bare, "1.2"
    yield f"events by uprobes, {cpus} cores", 1e3 / crowd, "million/s/core", "empty ones", 1e3 / bare, "1.2"


def attaching():
    """5,000 functions with their returns, from start to end."""
    def took(*options):
        return lambda: command(recorded([MANY], *options))[0] * 1e3
    many, one = medians(took("--func", "many_*"), took("--func", "main"))
    yield "5,000 functions, start to end", many, "ms", "one function", one, "seconds"


MEASURES = {f.__name__: f for f in (probes, attaching)}
