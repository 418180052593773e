# SPDX-License-Identifier: GPL-2.0-or-later
"""Print what many random lock calls of three processes on one file come to.

    locks.py SEED COUNT

One call is under way at a time and none waits, so the answers depend on the rules alone:
POSIX, open-file-description and whole-file locks; splits, merges, conversions, what a
close gives up, and whose lock F_GETLK names.
"""

import errno
import fcntl
import json
import os
import random
import struct
import sys

WORKERS = 3
FILES = 3  # the first is one description that all workers share
OFD = {fcntl.F_GETLK: 36, fcntl.F_SETLK: 37}


def pack(kind, start, length):
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0)


def perform(files, call):
    name, file, *rest = call
    if name == "close":
        files[file].close()
        files[file] = open("locked", "r+")
        return "ok"
    if name == "flock":
        fcntl.flock(files[file], rest[0] | fcntl.LOCK_NB)
        return "ok"
    command, kind, start, length = rest
    answer = fcntl.fcntl(files[file], command, pack(kind, start, length))
    if name == "set":
        return "ok"
    kind, whence, start, length, pid = struct.unpack("hhqqi4x", answer)
    return "free" if kind == fcntl.F_UNLCK else [kind, whence, start, length, pid]


def worker(shared, calls, answers):
    files = [shared] + [open("locked", "r+") for _ in range(FILES - 1)]
    for line in calls:
        try:
            answer = perform(files, json.loads(line))
        except OSError as e:
            answer = errno.errorcode[e.errno]
        print(json.dumps(answer), file=answers, flush=True)
    os._exit(0)


def start(shared):
    down, up = os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        os.close(down[1])
        worker(shared, os.fdopen(down[0]), os.fdopen(up[1], "w"))
    os.close(down[0])
    os.close(up[1])
    return pid, os.fdopen(down[1], "w"), os.fdopen(up[0])


def random_call(chance):
    name = chance.choice(["flock", "flock", "close"] + ["set"] * 6 + ["get"] * 4)
    if name == "close":
        return name, chance.randrange(1, FILES)
    file = chance.randrange(FILES)
    if name == "flock":
        return name, file, chance.choice([fcntl.LOCK_SH, fcntl.LOCK_EX, fcntl.LOCK_UN])
    command = fcntl.F_SETLK if name == "set" else fcntl.F_GETLK
    kinds = [fcntl.F_RDLCK, fcntl.F_WRLCK] + [fcntl.F_UNLCK] * (name == "set")
    return (name, file, OFD[command] if chance.random() < 0.4 else command, chance.choice(kinds),
            chance.randrange(40), chance.choice([0, 1, 2, 5, 10, 20]))


def main(seed, count):
    with open("locked", "w") as f:
        f.write("x" * 50)
    chance = random.Random(seed)
    shared = open("locked", "r+")
    workers = [start(shared) for _ in range(WORKERS)]
    pids = [pid for pid, _, _ in workers]
    for number in range(count):
        index, call = chance.randrange(WORKERS), random_call(chance)
        _, calls, answers = workers[index]
        print(json.dumps(call), file=calls, flush=True)
        answer = json.loads(answers.readline())
        if isinstance(answer, list) and answer[4] in pids:
            answer[4] = f"worker {pids.index(answer[4])}"
        print(number, index, call, answer)
    for pid in pids:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


main(int(sys.argv[1]), int(sys.argv[2]))
