#!/usr/bin/python3
"""The codes of lib/base/err.h and of ucap.v1.Status are the same names and numbers."""
import os
import re
import sys
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def codes(path, pattern):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return {name: int(number) for name, number in re.findall(pattern, file.read())}


class Codes(unittest.TestCase):
    def test_same(self):
        ours = codes("lib/base/err.h", r"\bERR_([A-Z_]+) = (\d+)")
        theirs = codes("proto/ucap/v1/bus.proto", r"\bSTATUS_([A-Z_]+) = (\d+)")
        theirs.pop("UNSPECIFIED")
        self.assertEqual(len(ours), 17)
        self.assertEqual(ours, theirs)


if __name__ == "__main__":
    sys.exit(unittest.main())
