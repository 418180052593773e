# SPDX-License-Identifier: GPL-2.0-or-later
"""What recording costs, and what a recording holds.

The measures of `make bench-record`, which `make bench` takes too; see bench.py for how
rows are made. Peers are measured in the same run: uprobes, LTTng's malloc wrapper,
heaptrack.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from bench import OUT, SUNDIAL, Failed, command, medians
from probes import MEASURES as PROBES

RECORD = os.path.abspath("build/record")
CHURN, LAST = f"{RECORD}/churn", f"{RECORD}/last"
WRAPPER = "liblttng-ust-libc-wrapper.so"
CPUS = sorted(os.sched_getaffinity(0))
PAIRS = 2000000
REDIS_SECONDS = 12


def recorded(program, *options, to=f"{OUT}/bench.record"):
    return [SUNDIAL, "record", "--quiet", "-o", to, *options, "--", *program]


def counts(path=f"{OUT}/bench.record"):
    """The sums of a recording's counts."""
    done = subprocess.run([SUNDIAL, "rewind", "--json", "--events", "0", path],
                          stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(done.stdout)["counts"]


@contextlib.contextmanager
def lttng():
    """A session that records the C library's allocations; the wrapper's environment, or None."""
    if not shutil.which("lttng-sessiond"):
        yield None
        return
    with tempfile.TemporaryDirectory(dir=OUT) as home:
        environment = {**os.environ, "LTTNG_HOME": home}

        def run(*words):
            subprocess.run(words, env=environment, check=True, timeout=30, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        run("lttng-sessiond", "--daemonize", f"--pidfile={home}/pid")
        with open(f"{home}/pid") as file:
            daemon = int(file.read())
        try:
            run("lttng", "create", "bench", "--snapshot", f"--output={home}/out")
            run("lttng", "enable-channel", "-u", "all", "--subbuf-size", "1M", "--num-subbuf", "4")
            run("lttng", "enable-event", "-u", "-c", "all", "lttng_ust_libc:*")
            run("lttng", "start")
            yield {**environment, "LD_PRELOAD": WRAPPER}
            run("lttng", "destroy", "bench")
        finally:
            os.kill(daemon, signal.SIGTERM)


def allocations():
    """A pair of malloc and free beside nothing, recorded in several ways."""
    cheap = ("--no-syscalls", "--no-sched", "--buffer", "16")

    def pair_ns(wrap=lambda program: program, pairs=PAIRS, frames=0, **options):
        def measure():
            _, out = command(wrap([CHURN, "1", str(pairs), str(frames)]), **options)
            return float(re.findall(r"^[0-9]+\.[0-9]+$", out, re.M)[0])
        return measure

    def injected(*options):
        return lambda program: recorded(program, *cheap, *options)

    with lttng() as environment:
        sides = {
            "own": pair_ns(),
            "address": pair_ns(injected("--stacks", "address")),
            "copies": pair_ns(injected("--inject")),
            "sample": pair_ns(injected("--sample", "524288")),
            "deep": pair_ns(frames=16),
            "frames": pair_ns(injected("--frames", "16"), frames=16),
            "uprobes": pair_ns(injected("--no-follow"), pairs=PAIRS // 100),
        }
        if environment:
            sides["LTTng-UST's wrapper"] = pair_ns(env=environment)
        if shutil.which("heaptrack"):
            sides["heaptrack"] = pair_ns(
                lambda program: ["heaptrack", "-o", f"{OUT}/bench.heaptrack", *program])
        found = dict(zip(sides, medians(*sides.values())))
    more = {name: ns - found["deep" if name == "frames" else "own"] for name, ns in found.items()}
    title = "malloc and free more"
    yield f"{title}, return address", more["address"], "ns", "the pair itself", found["own"], "30 ns"
    yield f"{title}, 16 frames", more["frames"], "ns", "the pair itself", found["deep"], "100 ns"
    for peer in ("LTTng-UST's wrapper", "heaptrack", "uprobes"):
        if peer in more:
            yield f"{title}, whole stacks", more["copies"], "ns", peer, more[peer], "100 ns"
    yield f"{title}, sampled", more["sample"], "ns", "the pair itself", found["own"], ""


def streaming():
    """Injected events streamed to a tmpfs, of each CPU that emits them."""
    for threads in range(1, len(CPUS) + 1):
        rates, lost = [], []
        for _ in range(5):
            with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
                # Not on one CPU: whoever writes is beside those who emit.
                done = subprocess.run(
                    recorded([CHURN, str(threads), "5000000"], "--stream", "--stacks", "address",
                             "--no-syscalls", "--no-sched", to=f"{folder}/r"),
                    stdout=subprocess.PIPE, check=True, timeout=120)
                total = counts(f"{folder}/r")
            emitted = sum(c["emitted"] for c in total if c["cpu"] < 0)
            kept = sum(c["recorded"] for c in total if c["cpu"] < 0)
            # churn says what a pair of all threads took; a core has its share of them.
            rates.append(2 * threads * 1e3 / float(done.stdout) * kept / emitted)
            lost.append(100 * (1 - kept / emitted))
        yield (f"streamed by {threads} of {len(CPUS)} cores", statistics.median(rates),
               "million/s/core", "lost, %", statistics.median(lost), "20, none lost")


@contextlib.contextmanager
def redis(*options):
    """A redis-server on one CPU, recorded or not; its port and its process."""
    port = 7391
    with tempfile.TemporaryDirectory(dir=OUT) as folder:
        program = ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no",
                   "--dir", folder]
        server = subprocess.Popen(recorded(program, *options) if options else program,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  preexec_fn=lambda: os.sched_setaffinity(0, {CPUS[0]}))
        try:
            for _ in range(100):
                if not subprocess.run(["redis-cli", "-p", str(port), "ping"], check=False,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
                    break
                time.sleep(0.1)
            yield str(port)
        finally:
            subprocess.run(["redis-cli", "-p", str(port), "shutdown", "nosave"], check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            server.wait(timeout=120)


def redis_rate(port, requests):
    """Requests a second of redis-benchmark on the other CPU: the mean of its kinds."""
    _, out = command(["redis-benchmark", "-p", port, "-t", "set,get,lpush,lpop,hset", "-r", "100000",
                      "-d", "64", "-c", "32", "-n", str(requests), "--csv"])
    rates = [float(line.split('","')[1]) for line in out.splitlines() if not line.startswith('"test"')]
    return statistics.harmonic_mean(rates)


def redis_cpu_ns(port):
    """What the server has had of the processor's time."""
    info = subprocess.run(["redis-cli", "-p", port, "info", "server"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    pid = re.search(r"process_id:(\d+)", info).group(1)
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def redis_server():
    """Throughput, and the server's own time for a request, which other load disturbs less."""
    requests, kinds = 40000, 5
    times = {}

    def rate(name, *options):
        def measure():
            with redis(*options) as port:
                before = redis_cpu_ns(port)
                found = redis_rate(port, requests)
                spent = (redis_cpu_ns(port) - before) / (requests * kinds) / 1e3
            times.setdefault(name, []).append(spent)
            return found
        return measure
    if not shutil.which("redis-server"):
        raise Failed("no redis-server")
    production, everything, own = medians(rate("production", "--preset", "production"),
                                          rate("all but functions", "--inject"), rate("own"))
    yield "redis-server, production", production, "requests/s", "unrecorded", own, "0.97"
    yield "redis-server, all but functions", everything, "requests/s", "unrecorded", own, ""
    spent = {name: statistics.median(each) for name, each in times.items()}
    for name in ("production", "all but functions"):
        yield f"a request's CPU time, {name}", spent[name], "us", "unrecorded", spent["own"], ""


def history():
    """How far back a recording goes; a CPU's buffer that wraps is the shortest."""
    for name, options in (("production", ("--preset", "production")),
                          ("allocations", ("--inject", "--no-syscalls", "--no-sched")),
                          ("all but functions", ("--inject",))):
        with redis(*options) as port:
            start = time.perf_counter()
            while time.perf_counter() - start < REDIS_SECONDS:
                redis_rate(port, 20000)
            seconds = time.perf_counter() - start
        total = [c for c in counts() if c["emitted"]]
        kept = min(c["recorded"] / c["emitted"] for c in total)
        yield (f"history in 256 MiB, {name}", seconds * kept, "s", "of a run of", seconds, "10 s")


def wakeups():
    """How often the recorder ran while a program emitted events."""
    def switches(pid):
        total = 0
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status") as status:
                total += sum(int(line.split()[1]) for line in status if "ctxt_switches" in line)
        return total
    recorder = subprocess.Popen(recorded([CHURN, "2", "1000000000"], "--inject"),
                                stdout=subprocess.DEVNULL)
    try:
        time.sleep(3)
        before = switches(recorder.pid)
        time.sleep(5)
        after = switches(recorder.pid)
    finally:
        subprocess.run(["pkill", "-P", str(recorder.pid)], check=False)
        recorder.wait(timeout=120)
    emitted = sum(c["emitted"] for c in counts())
    yield "wake-ups of the recorder in 5 s", after - before, "", "events, million", emitted / 1e6, "0"


def crash():
    """From a crash to the file, beside cp of that file; and how much later its parent knows."""
    def to_file(calls, pairs, *options):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            done = subprocess.run(recorded([LAST, str(calls), str(pairs)], *options, to=f"{folder}/r"),
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=120,
                                  check=False)
            took = os.stat(f"{folder}/r").st_ctime_ns - int(done.stdout)
            start = time.perf_counter()
            subprocess.run(["cp", f"{folder}/r", f"{folder}/copy"], check=True)
            return (took / 1e6, (time.perf_counter() - start) * 1e3,
                    os.stat(f"{folder}/r").st_size >> 20)
    for name, arguments in (("injected events", (1, 6500000, "--stacks", "address", "--no-syscalls")),
                            ("system calls", (2500000, 0, "--no-sched"))):
        rounds = [to_file(*arguments) for _ in range(5)]
        ours, copy, size = (statistics.median(column) for column in zip(*rounds))
        yield f"crash to file, {size:.0f} MiB of {name}", ours, "ms", "cp", copy, "2 times"

    def exit_ms(wrap=lambda program: program):
        return lambda: float(command(wrap([LAST, "wait", "32"]))[1]) / 1e6
    ours, own = medians(exit_ms(recorded), exit_ms())
    yield "a crash of 32 threads, until known", ours, "ms", "unrecorded", own, "10 ms more"


MEASURES = {f.__name__: f for f in (allocations, streaming, redis_server, history, wakeups, crash)}
MEASURES |= PROBES
