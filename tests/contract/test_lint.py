#!/usr/bin/python3
"""scripts/lint-proto refuses each thing it names, by rule and line, and nothing else."""
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
HEAD = 'syntax = "proto3";\npackage t;\n'

# What stands in a file, and the one finding it must get: (rule, line).
REFUSED = {
    "optional": ("// m\nmessage M {\n  optional string a = 1; // a\n}\n", ("optional", 5)),
    "map": ("// m\nmessage M {\n  map<string, string> a = 1; // a\n}\n", ("map", 5)),
    "stream": (
        "// m\nmessage M {}\n// s\nservice S {\n  rpc Get(M) returns (stream M); // g\n}\n",
        ("stream", 7),
    ),
    "recursive": ("// m\nmessage M {\n  repeated M a = 1; // a\n}\n", ("recursive", 4)),
    "struct": (
        'import "google/protobuf/struct.proto";\n// m\nmessage M {\n  google.protobuf.Struct a = 1; // a\n}\n',
        ("struct", 6),
    ),
    "rpc Init": ("// m\nmessage M {}\n// s\nservice S {\n  rpc Init(M) returns (M); // i\n}\n", ("rpc-name", 7)),
    "rpc Descriptor": (
        "// m\nmessage M {}\n// s\nservice S {\n  rpc Descriptor(M) returns (M); // d\n}\n",
        ("rpc-name", 7),
    ),
    "field base": ("// m\nmessage M {\n  string base = 1; // b\n}\n", ("base", 5)),
    "enum outside": ("// e\nenum E {\n  E_UNSPECIFIED = 0;\n}\n", ("enum-place", 4)),
    "enum zero": ("// m\nmessage M {\n  enum E {\n    E_SOME = 0;\n  }\n}\n", ("enum-zero", 5)),
    "code size": ("option optimize_for = CODE_SIZE;\n", ("code-size", 1)),
    "message comment": ("message M {}\n", ("comment", 3)),
    "field comment": ("// m\nmessage M {\n  string a = 1;\n}\n", ("comment", 5)),
}

ACCEPTED = """
// m
message M {
  // How it is.
  enum State {
    STATE_UNSPECIFIED = 0;
  }
  oneof _a {
    string a = 1; // a
  }
  State state = 2; // s
}
"""


class Lint(unittest.TestCase):
    def lint(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.proto")
            with open(path, "w", encoding="utf-8") as file:
                file.write(HEAD + text)
            run = subprocess.run([os.path.join(TOP, "scripts", "lint-proto"), path], capture_output=True, text=True)
            return run.returncode, run.stdout.splitlines(), run.stderr

    def test_refused(self):
        for name, (text, (rule, line)) in REFUSED.items():
            with self.subTest(name):
                code, findings, errors = self.lint(text)
                places = [tuple(f.split(": ")[:2]) for f in findings]
                self.assertEqual(code, 1, errors)
                self.assertEqual([(p.split(":")[1], r) for p, r in places], [(str(line), rule)], findings)

    def test_indirect_recursion(self):
        code, findings, _ = self.lint("// a\nmessage A {\n  B b = 1; // b\n}\n// b\nmessage B {\n  A a = 1; // a\n}\n")
        self.assertEqual(code, 1)
        self.assertEqual(len([f for f in findings if "recursive" in f]), 2, findings)

    def test_accepted(self):
        code, findings, errors = self.lint(ACCEPTED)
        self.assertEqual((code, findings), (0, []), errors)

    def test_our_contract(self):
        run = subprocess.run([os.path.join(TOP, "scripts", "lint-proto")], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
