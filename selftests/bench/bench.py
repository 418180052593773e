# SPDX-License-Identifier: GPL-2.0-or-later
"""Measure Sundial against a peer beside it, in one run.

Each measure is a function that yields rows (name, value, unit, peer, peer value, goal).
A guest's own clock is virtual, so what one operation costs is taken from outside: the
real time of many operations less that of few, divided. Medians of several rounds, the
sides in turns, after a warm-up, everything on one core. Results go to
build/bench/NAME.jsonl, one JSON object a row, and to a table.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

SUNDIAL = os.path.abspath("build/sundial")
GUESTS = os.path.abspath("build/guests")
BENCH = os.path.abspath("build/selftests/bench")
OUT = os.path.abspath("build/bench")
CPU = max(os.sched_getaffinity(0))
ROUNDS = 7


class Failed(Exception):
    """A program that was to be measured did not run."""


def command(arguments, **options):
    """Runs to the end on the one core; returns real seconds and standard output."""
    start = time.perf_counter()
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, cwd=OUT,
                          preexec_fn=lambda: os.sched_setaffinity(0, {CPU}), **options)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise Failed(f"{' '.join(arguments)}: status {done.returncode}: "
                     + done.stderr.decode(errors="replace").strip()[-300:])
    return seconds, done.stdout.decode()


def simulated(program, *options):
    return [SUNDIAL, "sim", "--quiet", *options, "--", *program]


def medians(*sides):
    """The median of each function's results, called in turns after a warm-up."""
    for side in sides:
        side()
    rounds = [[side() for side in sides] for _ in range(ROUNDS)]
    return [statistics.median(column) for column in zip(*rounds)]


def each_ns(program, few, many, wrap=lambda program: program):
    """A function that measures what one operation of program costs, in nanoseconds."""
    def measure():
        base, _ = command(wrap([*program, str(few)]))
        full, _ = command(wrap([*program, str(many)]))
        return (full - base) * 1e9 / (many - few)
    return measure


def figures(program):
    """The "NAME NANOSECONDS" lines that a program prints about itself."""
    _, out = command([program])
    return {name: float(value) for name, value in (line.split() for line in out.splitlines())}


def page():
    goals = {"clock page, MANUAL": "2 ns, 10 times faster"}
    _, out = command([f"{OUT}/clock_bench"])
    for row in map(json.loads, out.splitlines()):
        yield (row["name"], row["value"], row["unit"], row["peer"], row["peer_value"],
               goals.get(row["name"], ""))


def sync():
    goals = {"SYNC by one of 2 running vCPUs": "1 time"}
    _, out = command([f"{OUT}/tb_bench", "memfd"])
    for row in (json.loads(line[2:]) for line in out.splitlines() if line.startswith("# {")):
        yield (row["name"] + ", memfd", row["value"], row["unit"], row["peer"], row["peer_value"],
               goals.get(row["name"], ""))


def vdso():
    program = [f"{GUESTS}/ops", "clock"]
    ours, slow, trapped, theirs = medians(
        each_ns(program, 1000, 5000000, simulated),
        each_ns(program, 1000, 500000, lambda p: simulated(p, "--no-clock-page")),
        each_ns(program, 1000, 50000, lambda p: simulated(p, "--no-clock-page", "--no-patch")),
        each_ns(program, 1000, 5000000))
    yield "guest clock_gettime", ours, "ns", "host vDSO", theirs, "0.4 times"
    yield "guest clock_gettime", ours, "ns", "patched call, no page", slow, ""
    yield "guest clock_gettime", ours, "ns", "trapped call, no page", trapped, "95 to 99 % gone"


def call():
    peers = figures(f"{BENCH}/intercept")
    c, trapped, go = medians(
        each_ns([f"{GUESTS}/ops", "getppid"], 1000, 2000000, simulated),
        each_ns([f"{GUESTS}/ops", "getppid"], 1000, 50000, lambda p: simulated(p, "--no-patch")),
        each_ns([f"{GUESTS}/go-ops", "getppid"], 1000, 2000000, simulated))
    for name, value in (("getppid in C", c), ("getppid in Go", go)):
        yield name, value, "ns", "host getppid", peers["native"], "60 ns"
        for peer in ("dispatched", "traced"):
            if peer in peers:
                yield name, value, "ns", {"dispatched": "SUD trap", "traced": "ptrace"}[peer], peers[peer], ""
    yield "getppid in C, never patched", trapped, "ns", "patched", c, ""


def pipe():
    program = [f"{GUESTS}/ops", "pipe"]
    ours, theirs = medians(each_ns(program, 100, 50000, simulated), each_ns(program, 100, 50000))
    yield "1-byte ping-pong over a pipe", ours / 1000, "us", "native, one core", theirs / 1000, "1.3 times"


def founding():
    program = [f"{GUESTS}/go-founding", "100"]
    variants = {"with clock page": [], "reads by patched calls": ["--no-clock-page"],
                "reads and all by traps": ["--no-clock-page", "--no-patch"]}
    stats = {}

    def speed_of(name):
        def speed():
            with tempfile.NamedTemporaryFile(suffix=".json", dir=OUT) as file:
                seconds, _ = command(simulated(program, f"--stats={file.name}", *variants[name]))
                stats[name] = json.load(file)
            return stats[name]["virtual_ns"] / 1e9 / seconds
        return speed

    speeds = dict(zip(variants, medians(*map(speed_of, variants))))
    show_mix(stats["with clock page"])
    ours = speeds.pop("with clock page")
    for name, theirs in speeds.items():
        yield ("founding Go program", ours, "virtual s per s", name, theirs,
               "100 virtual s per s")


def show_mix(stats):
    """The founding program's calls in a virtual second, beside those it is to make."""
    seconds = stats["virtual_ns"] / 1e9

    def count(*names):
        return sum(stats["syscalls"].get(name, {}).get("count", 0) for name in names) / seconds

    print("\nfounding program, in a virtual second:")
    mix = (("clock reads", stats["page_reads"] / seconds + count("clock_gettime"), 12700),
           ("nanosleeps", count("nanosleep", "clock_nanosleep"), 1700),
           ("epoll waits", count("epoll_wait", "epoll_pwait", "epoll_pwait2"), 1200))
    for name, seen, wanted in mix:
        verdict = "within 20 %" if abs(seen / wanted - 1) <= 0.2 else "NOT within 20 %"
        print(f"  {name:14} {seen:9.0f}   to be {wanted:6}   {verdict}")


def startup():
    ours, theirs = medians(lambda: command(simulated(["/bin/true"]))[0] * 1000,
                           lambda: command(["/bin/true"])[0] * 1000)
    yield "start-up of /bin/true", ours, "ms", "native", theirs, "15 ms over native"


def memory_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        pss = next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    with open(f"/proc/{pid}/status") as status:
        tables = next(int(line.split()[1]) for line in status if line.startswith("VmPTE:"))
    return pss + tables


def descendants(pid):
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", errors="replace") as stat:
                rest = stat.read().rpartition(")")[2]
            with open(f"/proc/{entry}/cmdline", errors="replace") as line:
                name = line.read().partition("\0")[0]
        except OSError:
            continue
        parents[int(entry)] = (int(rest.split()[1]), name)
    found = {pid}
    while True:
        more = {child for child, (parent, _) in parents.items() if parent in found} - found
        if not more:
            return {child: parents[child][1] for child in found if child in parents}
        found |= more


def idle_memory(wrap):
    """KiB of one of twenty sleeping processes, while another one computes."""
    script = "for i in {1..20}; do sleep 100000 & done; sleep 1; while :; do :; done"
    process = subprocess.Popen(wrap(["bash", "-c", script]), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        time.sleep(3)
        family = descendants(process.pid)
        sleepers = [pid for pid, name in family.items() if name == "sleep"]
        if len(sleepers) != 20:
            raise Failed(f"{len(sleepers)} of 20 sleeping processes found")
        return statistics.median(memory_kib(pid) for pid in sleepers)
    finally:
        # The simulator ends its guests; natively all share the session's group.
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(process.pid, 9)
        except ProcessLookupError:
            pass
        process.wait()


def memory():
    ours, theirs = idle_memory(simulated), idle_memory(lambda program: program)
    yield "idle process, PSS and page tables", ours, "KiB", "native", theirs, "300 KiB over native"


MEASURES = {f.__name__: f for f in (page, sync, vdso, call, pipe, founding, startup, memory)}


def main(chosen, measures):
    os.makedirs(OUT, exist_ok=True)
    table, failures = [], 0
    for name in chosen or measures:
        try:
            rows = list(measures[name]())
        except (Failed, OSError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
            print(f"{name}: not measured: {error!r}", file=sys.stderr)
            failures += 1
            continue
        with open(f"{OUT}/{name}.jsonl", "w") as lines:
            for what, value, unit, peer, peer_value, goal in rows:
                ratio = round(value / peer_value, 3) if peer_value else None
                row = {"name": what, "value": round(value, 3), "unit": unit, "peer": peer,
                       "peer_value": round(peer_value, 3), "ratio": ratio}
                lines.write(json.dumps(row) + "\n")
                table.append((row, goal))
    print(f"\n{'measure':36} {'value':>12} {'unit':16} {'peer':28} {'value':>12} {'ratio':>8}  to reach")
    for row, goal in table:
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3f}"
        print(f"{row['name']:36} {row['value']:12.2f} {row['unit']:16} {row['peer']:28.28}"
              f" {row['peer_value']:12.2f} {ratio:>8}  {goal}")
    return 1 if failures else 0


if __name__ == "__main__":
    from recorder import MEASURES as RECORDER
    from rewind import MEASURES as REWIND

    group = sys.argv[1:] == ["recorder"]
    sys.exit(main(list(RECORDER) if group else sys.argv[1:], {**MEASURES, **RECORDER, **REWIND}))
