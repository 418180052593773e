# SPDX-License-Identifier: GPL-2.0-or-later
"""Guest: Python's time, threading, asyncio and subprocess. Same output for any $UNIT."""

import asyncio
import multiprocessing
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import time

UNIT = float(os.environ["UNIT"])


def units_since(start):
    return round((time.monotonic() - start) / UNIT)


def test_time():
    start = time.monotonic()
    wall = time.time()
    time.sleep(2 * UNIT)
    print("time: slept", units_since(start), "wall", round((time.time() - wall) / UNIT))
    assert time.monotonic_ns() <= time.monotonic_ns()
    assert time.process_time() < 60 and time.thread_time() < 60


def test_threading():
    start = time.monotonic()
    done = queue.Queue()

    def work(n):
        time.sleep((10 - n) * UNIT)
        done.put(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    order = []
    try:
        order.append(done.get(timeout=0.5 * UNIT))
    except queue.Empty:
        print("threading: empty")
    while len(order) < len(threads):
        order.append(done.get())
    for thread in threads:
        thread.join()
    print("threading: order", order, "at", units_since(start))
    event = threading.Event()
    timer = threading.Timer(2 * UNIT, event.set)
    timer.start()
    print("threading: event", event.wait(UNIT), event.wait(5 * UNIT), "at", units_since(start))
    lock = threading.Lock()
    lock.acquire()
    print("threading: lock", lock.acquire(timeout=UNIT), "at", units_since(start))
    barrier = threading.Barrier(4)
    passed = []
    waiters = [threading.Thread(target=lambda: passed.append(barrier.wait() >= 0)) for _ in range(4)]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join()
    print("threading: barrier", passed)


async def test_asyncio():
    start = time.monotonic()

    async def nap(n):
        await asyncio.sleep(n * UNIT)
        return n

    print("asyncio: gather", await asyncio.gather(*(nap(n) for n in (3, 1, 2))), units_since(start))
    first = [await task for task in asyncio.as_completed([nap(3), nap(1), nap(2)])]
    print("asyncio: as completed", first, "at", units_since(start))
    try:
        await asyncio.wait_for(nap(100), UNIT)
    except asyncio.TimeoutError:
        print("asyncio: timed out at", units_since(start))
    process = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", f"sleep {UNIT}; echo child; exit 3", stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    print("asyncio: subprocess", out, process.returncode, "at", units_since(start))

    async def echo(reader, writer):
        writer.write((await reader.readline()).upper())
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"over loopback\n")
    print("asyncio: server", await reader.readline())
    writer.close()
    server.close()


def test_subprocess():
    start = time.monotonic()
    done = subprocess.run(["tr", "a-z", "A-Z"], input=b"shout", stdout=subprocess.PIPE)
    print("subprocess:", done.stdout, done.returncode)
    try:
        subprocess.run(["sleep", str(100 * UNIT)], timeout=2 * UNIT)
    except subprocess.TimeoutExpired:
        print("subprocess: timed out at", units_since(start))
    process = subprocess.Popen(["sleep", str(100 * UNIT)])
    time.sleep(UNIT)
    print("subprocess: running", process.poll() is None)
    process.send_signal(signal.SIGTERM)
    print("subprocess: signalled", process.wait(), "at", units_since(start))
    big = subprocess.run([sys.executable, "-c", "print('x' * 300000)"], stdout=subprocess.PIPE)
    print("subprocess: through a pipe", len(big.stdout))


def square(n):
    time.sleep(UNIT)
    return n * n


def test_multiprocessing():
    start = time.monotonic()
    with multiprocessing.get_context("fork").Pool(4) as pool:
        print("multiprocessing:", pool.map(square, range(4), chunksize=1), "at", units_since(start))


def test_signals():
    start = time.monotonic()
    seen = []
    signal.signal(signal.SIGALRM, lambda number, frame: seen.append(units_since(start)))
    signal.setitimer(signal.ITIMER_REAL, UNIT, 2 * UNIT)
    while len(seen) < 3:
        signal.pause()
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("signal: alarms at", seen)
    left, right = os.pipe()
    print("select:", select.select([left], [], [], UNIT)[0], "at", units_since(start))
    os.close(left)
    os.close(right)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)
    test_time()
    test_threading()
    asyncio.run(test_asyncio())
    test_subprocess()
    test_multiprocessing()
    test_signals()
    sys.exit(5)
