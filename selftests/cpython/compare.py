# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare CPython's own tests as they go natively, in `sundial run` and in `sundial sim`.

    compare.py run|sim MODULE...

Prints TAP: one result a module. What a module does natively is kept in build/. Natively is the oracle, test method by test method.
A test whose outcome differs is tried once more on its own side and natively, because
some of these tests fail now and then on any machine; if it still differs, it is a
difference. expected-sim.txt and expected-run.txt list those that follow from what a
simulation or a run is, each with its reason; one that no longer differs must leave the list.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.abspath(".")
PYTHON = "/usr/bin/python3"
OUTCOMES = os.path.join(HERE, "outcomes.py")
WORK = os.path.join(TOP, "build/check/cpython")
SUNDIAL = os.path.join(TOP, "build/sundial")
LIMIT = {"native": 900, "run": 900, "sim": 900}
# Tests that are of the machine beneath, not of Linux: the first waits for a hypervisor,
# the second sets the machine's date back by an hour, under everything else that runs.
LEFT_OUT = {"test.test_socket.ThreadedVSOCKSocketStreamTest.testStream",
            "test.test_time.TimeTestCase.test_monotonic_settime"}
# After this many tests that hang the rest of a module is not tried.
HANGS = 4


def launcher(side):
    if side == "native":
        return []
    if side == "run":
        return [SUNDIAL, "run", "--"]
    return [SUNDIAL, "sim", "--quiet", "--"]


def attempt(side, module, path, left_out, log):
    """One run of the interpreter; its outcomes, and the test in which it stopped or None."""
    if os.path.exists(path):
        os.unlink(path)
    command = [*launcher(side), PYTHON, OUTCOMES, module, path, *LEFT_OUT, *left_out]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0",
                   "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory(dir=WORK, ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   cwd=folder, env=environment, start_new_session=True)
        try:
            process.wait(timeout=LIMIT[side])
        except subprocess.TimeoutExpired:
            pass
        # Whatever it started and left behind is of no use, and may hold up the next.
        try:
            os.killpg(process.pid, 9)
        except ProcessLookupError:
            pass
        process.wait()
    outcomes, open_test = {}, "(before the first test)"
    lines = open(path).read().splitlines() if os.path.exists(path) else []
    for line in lines:
        word, _, name = line.partition(" ")
        if word == "end":
            return outcomes, None
        if word == "?":
            open_test = name
        else:
            outcomes[name] = word
            open_test = f"(after {name})"
    return outcomes, open_test


def outcomes_of(side, module, only=None):
    """What each test of a module says; "hang" for one that took the interpreter with it."""
    name = only or module
    path = os.path.join(WORK, f"{name}.{side}")
    cached = path + ".json"
    if side == "native" and not only and os.path.exists(cached):
        with open(cached) as known:
            return json.load(known)
    hung = []
    with open(f"{path}.log", "w") as log:
        while True:
            outcomes, stopped = attempt(side, name, path, hung, log)
            if stopped is None:
                break
            hung.append(stopped)
            print(f"# {side} {module}: stopped in {stopped}", flush=True)
            if stopped.startswith("(") or len(hung) == HANGS:
                outcomes["(the rest of the module)"] = "not reached"
                break
    outcomes.update({test: "hang" for test in hung})
    if side == "native" and not only:
        with open(cached, "w") as known:
            json.dump(outcomes, known)
    return outcomes


def differences(module, side):
    """{test: (native, side)} of what differs twice."""
    native, other = outcomes_of("native", module), outcomes_of(side, module)
    found = {}
    for test in sorted(native.keys() | other.keys()):
        pair = native.get(test, "missing"), other.get(test, "missing")
        if pair[0] == pair[1]:
            continue
        if test.startswith("test.") and "hang" not in pair:
            single = test.removeprefix("test.")
            again = (outcomes_of("native", module, single).get(test, "missing"),
                     outcomes_of(side, module, single).get(test, "missing"))
            if again[0] == again[1] or again[1] == pair[0]:
                print(f"# {module}: {test} was {pair}, then {again}: taken as unsteady")
                continue
        found[test] = pair
    return found, sum(outcome in ("ok", "skip", "xfail") for outcome in native.values())


def expected(side):
    """{test: reason} of the committed list: TEST, blanks, "#", reason."""
    reasons = {}
    with open(os.path.join(HERE, f"expected-{side}.txt")) as lines:
        for line in lines:
            test, _, reason = line.partition("#")
            if test.strip():
                reasons[test.strip()] = reason.strip()
    return reasons


def main(side, *modules):
    os.makedirs(WORK, exist_ok=True)
    reasons = expected(side)
    bad = 0
    print(f"1..{len(modules)}", flush=True)
    for number, module in enumerate(modules, 1):
        found, total = differences(module, side)
        unexplained = {test: pair for test, pair in found.items() if test not in reasons}
        stale = [test for test in reasons if test.split(".")[1] == module and test not in found]
        for test, (native, other) in unexplained.items():
            print(f"#   {test}: natively {native}, in {side} {other}")
        for test in stale:
            print(f"#   {test}: no longer differs, take it out of expected-{side}.txt")
        good = total and not unexplained and not stale
        bad += not good
        note = f", {len(found)} differences explained" if good and found else ""
        print(f"{'ok' if good else 'not ok'} {number} - {module} in {side}: "
              f"{total} tests as natively{note}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
