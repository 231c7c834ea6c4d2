#!/usr/bin/python3
"""Another language compiles proto/ with stock protoc and finds the messages and the services in it."""
import glob
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class OtherLanguage(unittest.TestCase):
    def test_python(self):
        with tempfile.TemporaryDirectory() as folder:
            files = sorted(glob.glob(os.path.join(TOP, "proto", "ucap", "v1", "*.proto")))
            proto = os.path.join(TOP, "proto")
            subprocess.run(["protoc", f"-I{proto}", f"--python_out={folder}", *files], check=True)
            sys.path.insert(0, folder)
            from ucap.v1 import bus_pb2, registry_pb2  # pylint: disable=import-error,import-outside-toplevel

            city = registry_pb2.City(slug="liuzhou", country="CN")
            city.names.add(language="zh-Hans", text="柳州")
            self.assertEqual(registry_pb2.City.FromString(city.SerializeToString()), city)
            methods = [m.name for m in registry_pb2.DESCRIPTOR.services_by_name["Registry"].methods]
            self.assertIn("GetCity", methods)
            self.assertEqual(bus_pb2.Status.Code.Value("STATUS_ABORTED"), 10)


if __name__ == "__main__":
    sys.exit(unittest.main())
