#!/usr/bin/python3
"""unique_statics.py [ROOT]: no two files of src/ have a static function of one name, so that the
library can be concatenated into one file, and a name found in a stack trace is one function. (One file may have it twice: for two compilers, say.)"""
import sys

import source


def check(root):
    findings, first = [], {}
    for path in source.files(root, ["src"]):
        lines = source.code_lines(source.read(root, path))
        for name, is_static, line, _ in source.functions(lines):
            if not is_static:
                continue
            if first.get(name, path).split(":")[0] != path:
                findings.append((path, line, f"static {name} is also in {first[name]}"))
            first.setdefault(name, f"{path}:{line}")
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
