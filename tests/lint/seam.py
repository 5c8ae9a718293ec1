#!/usr/bin/python3
"""seam.py [ROOT]: every function of src/sys has a row of errors in tests/seam/calls.h, so that tests can
make it fail, and another name in tests/seam/rename.h, so that they get their own."""
import glob
import os
import re
import sys

import source

CALLS, RENAME = "tests/seam/calls.h", "tests/seam/rename.h"
# Failed by a counter of their own, or moved by hand, or without any failure at all.
HAVE_NO_ROW = re.compile(r"alloc|alloc_zeroed|resize|free|monotonic_ns|realtime_ns|process_cpu_ns|thread_cpu_ns|utc_offset_s"
                         r"|(mutex|condition)_\w+")


def declared(root):
    for path in sorted(glob.glob(os.path.join(root, "src/sys/*.h"))):
        path = os.path.relpath(path, root)
        for number, line in enumerate(source.code_lines(source.read(root, path)), 1):
            found = re.match(r"\w[\w\s*]*\bhw_sys_(\w+)\(", line)
            if found:
                yield path, number, found.group(1)


def check(root):
    rows = set(re.findall(r"\bX\((\w+),", source.read(root, CALLS)))
    renamed = set(re.findall(r"#define hw_sys_(\w+) real_hw_sys_\1$", source.read(root, RENAME),
                             re.MULTILINE))
    findings = []
    for path, number, name in declared(root):
        if name not in rows and not HAVE_NO_ROW.fullmatch(name):
            findings.append((path, number, f"hw_sys_{name} has no row in {CALLS}"))
        if name not in renamed:
            findings.append((path, number, f"hw_sys_{name} is not in {RENAME}"))
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
