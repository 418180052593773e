# SPDX-License-Identifier: GPL-2.0-or-later
"""Run one module of CPython's own test suite and write down what each test said.

    outcomes.py MODULE FILE [TEST-TO-LEAVE-OUT...]

FILE gets a line "? TEST" before each test and "OUTCOME TEST" after it, so that the test
during which the interpreter hung or died can be told; the last line is "end".
"""

import os
import sys
import unittest

from test import support
from test.support import os_helper


class Recorder(unittest.TestResult):
    """Writes each test's outcome as soon as it is known."""

    def __init__(self, file):
        super().__init__()
        self.file = file
        self.outcome = None
        # Tests that fork leave copies of this object in children, which must not write.
        self.owner = os.getpid()

    def write(self, word, test):
        if os.getpid() == self.owner:
            os.write(self.file, f"{word} {test.id()}\n".encode())

    def startTest(self, test):
        super().startTest(test)
        self.outcome = "ok"
        self.write("?", test)

    def stopTest(self, test):
        super().stopTest(test)
        self.write(self.outcome, test)

    def addSkip(self, test, reason):
        self.outcome = "skip"
        if not isinstance(test, unittest.TestCase):
            self.write("skip", test)

    def addExpectedFailure(self, test, error):
        self.outcome = "xfail"

    def addUnexpectedSuccess(self, test):
        self.outcome = "xpass"

    def failed(self, word, test, error):
        self.outcome = word
        text = self._exc_info_to_string(error, test) if isinstance(test, unittest.TestCase) else str(error)
        print(f"== {word}: {test.id()}\n{text}", file=sys.stderr, flush=True)
        if not isinstance(test, unittest.TestCase):
            self.write(word, test)

    def addError(self, test, error):
        self.failed("error", test, error)

    def addFailure(self, test, error):
        self.failed("fail", test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.failed("fail", test, error)


def without(suite, left_out):
    """The suite less the tests that hung before."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, left_out))
        elif test.id() not in left_out:
            kept.addTest(test)
    return kept


def main(module, path, *left_out):
    # No test may leave the machine, or take long where it can say so. test_socketserver
    # asks for the network as a whole but uses loopback only.
    support.use_resources = ["network"] if module == "test_socketserver" else []
    support.verbose = False
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    with os_helper.temp_cwd():
        suite = unittest.defaultTestLoader.loadTestsFromName(f"test.{module}")
        without(suite, left_out).run(Recorder(file))
    os.write(file, b"end\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
