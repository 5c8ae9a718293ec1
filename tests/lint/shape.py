#!/usr/bin/python3
"""shape.py [ROOT]: how long functions and files are, and no #if inside a function. Over 60 and 600
lines is a smell, printed; over 100 and 900 an error."""
import re
import sys

import source

FUNCTION_SMELLS, FUNCTION_IS_WRONG = 60, 100
FILE_SMELLS, FILE_IS_WRONG = 600, 900


def check_function(path, lines, name, first, last):
    length = last - first + 1
    if length > FUNCTION_IS_WRONG:
        yield path, first, f"{name} has {length} lines"
    elif length > FUNCTION_SMELLS:
        print(f"note: {path}:{first}: {name} has {length} lines")
    for number in range(first, last + 1):
        if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", lines[number - 1]):
            yield path, number, f"conditional compilation inside {name}"


def check(root):
    findings = []
    for path in source.files(root, ["src", "cmd", "examples", "include", "tests"]):
        text = source.read(root, path)
        lines = source.code_lines(text)
        length = text.count("\n")
        if length > FILE_IS_WRONG and not path.startswith("include"):
            findings.append((path, length, f"the file has {length} lines"))
        elif length > FILE_SMELLS and not path.startswith(("include", "tests")):
            print(f"note: {path}: the file has {length} lines")
        for name, _, first, last in source.functions(lines):
            findings += check_function(path, lines, name, first, last)
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
