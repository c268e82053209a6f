#!/usr/bin/env python3
"""adapters/client as a vendor has it: its example program sends and receives (`client_cpp_test.py PATH_OF_EXAMPLE`), and its
CMake project finds the library without anything of the gateway."""
import pathlib
import re
import sys
import tempfile
import textwrap
import unittest

from harness import CARE, ROOT, VISIT, GatewayTest, cpgw, main, replace_cell, run, schedule

EXAMPLE = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build" / "release" / "client_example"


class Example(GatewayTest):
    def exchange(self, office, *words, check=True):
        return run(EXAMPLE, self.gateway.client_config(office), *words, check=check, cwd=self.folder)

    def files(self, name, files):
        folder = self.folder / name
        folder.mkdir()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        return folder

    def test_files_go_out_and_are_taken_in(self):
        folder = self.files("month", schedule(users=2))
        said = self.exchange(CARE, "send", folder).stdout.decode().split()
        self.assertEqual(said[0], "accepted")
        self.assertEqual(self.exchange(CARE, "send", folder).stdout.decode().split(), said)  # the same submission
        received = self.folder / "received"
        self.assertEqual(self.exchange(VISIT, "receive", received).stdout.decode(), f"imported {said[1]}\n")
        self.assertEqual(self.exchange(VISIT, "receive", received).stdout, b"")
        self.assertEqual(self.state(said[1]), "imported")
        (bundle,) = received.iterdir()
        self.assertEqual({path.name for path in bundle.iterdir()}, {path.name for path in folder.iterdir()} | {"receipts"})
        cpgw("verify", "--trusted-key", self.gateway.vkey, bundle, self.folder / "receipts" / f"{said[1]}.receipt.txt")

    def test_what_is_refused_is_said(self):
        folder = self.files("wrong", replace_cell(schedule(), "UPPLAN", 1, 2, "12"))
        answer = self.exchange(CARE, "send", folder, check=False)
        self.assertEqual((answer.returncode, answer.stdout[:9]), (1, b"rejected "), answer)
        answer = self.exchange(VISIT, "send", folder, check=False)  # not an office of the certificate: R-AUTH-01
        self.assertEqual(answer.returncode, 1, answer)
        self.assertEqual(self.exchange(CARE, "send", self.folder / "absent", check=False).returncode, 3)
        self.assertEqual(self.exchange(CARE, "sent", check=False).returncode, 2)


class Project(unittest.TestCase):
    def test_the_code_of_the_readme_is_code_that_compiles(self):
        (code,) = re.findall(r"^```cpp\n(.*?)^```$", (ROOT / "adapters" / "client" / "README.md").read_text(), re.M | re.S)
        compiled = (ROOT / "tests" / "client" / "readme_snippet.cpp").read_text()
        self.assertEqual(code, textwrap.dedent(compiled.split("// README begins\n")[1].rsplit("    // README ends", 1)[0]))

    def test_it_is_configured_with_the_librarys_own_needs_only(self):
        with tempfile.TemporaryDirectory() as folder:
            run("cmake", "-G", "Ninja", "-S", ROOT / "adapters" / "client" / "example", "-B", folder)
            plan = run("ninja", "-C", folder, "-t", "commands", "exchange").stdout.decode()
        built = re.findall(r"/((?:gateway|adapters)/\S+\.cpp)$", plan, re.M)
        self.assertEqual([name for name in built if name.startswith("gateway/")], ["gateway/http/asio_impl.cpp"])
        self.assertIn("adapters/client/mailbox.cpp", built)
        self.assertNotIn("-Wconversion", plan)  # warnings are the vendor's own


if __name__ == "__main__":
    main()
