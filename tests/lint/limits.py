#!/usr/bin/python3
"""limits.py [ROOT]: what the table of docs/limits.md names exists: each limit has a talk or a test for either of its
sides, and the members and options that it names."""
import os
import re
import sys

import source

TABLE = os.path.join("docs", "limits.md")
COLUMNS = 6


def read_all(root, folders, suffixes):
    text = []
    for folder in folders:
        for path, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith(suffixes):
                    with open(os.path.join(path, name), encoding="utf-8") as file:
                        text.append(file.read())
    return "\n".join(text)


def check(root):
    if not os.path.exists(os.path.join(root, TABLE)):
        return []
    tests = read_all(root, ["tests/unit", "tests/http", "tests/program"], ("_test.c", ".py"))
    headers, options = read_all(root, ["include"], (".h",)), read_all(root, ["cmd"], ("options.c", "table.c"))
    findings = []
    for number, line in enumerate(source.read(root, TABLE).split("\n"), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] in ("limit", "---"):
            continue
        if len(cells) != COLUMNS:
            findings.append((TABLE, number, f"a limit has {COLUMNS} columns"))
            continue
        for name in re.findall(r"`([^`]+)`", cells[2]):
            is_there = f'"{name[2:]}"' in options if name.startswith("--") else re.search(rf"\b{name};", headers)
            if not is_there:
                findings.append((TABLE, number, f"there is no {name}"))
        for side in cells[4:]:
            names = re.findall(r"`([^`]+)`", side)
            if not names:
                findings.append((TABLE, number, f"nothing shows both sides of: {cells[0]}"))
            for name in names:
                is_talk = os.path.exists(os.path.join(root, "tests", "talk", name + ".talk"))
                if not is_talk and not re.search(rf"(HW_(LONG_|THREAD_)*TEST\(|def ){name}\(?\)?", tests):
                    findings.append((TABLE, number, f"there is no talk or test {name}"))
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
