#!/usr/bin/python3
"""globals.py LIST OBJECT...: no object or archive holds writable data, or data of one thread,
besides the names in LIST. Tables of pointers, which the loader alone writes, are constant."""
import os
import re
import subprocess
import sys

import source

WRITABLE = (".data", ".bss", ".tdata", ".tbss", "*COM*")
CONSTANT = (".data.rel.ro",)


def allowed(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#")[0].strip() for line in file]
    return {line for line in lines if line}


def symbols(path):
    """(name, section, place) of every data symbol."""
    listing = subprocess.run(["nm", "--format=sysv", "--line-numbers", path], check=True,
                             capture_output=True, text=True).stdout
    for line in listing.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7 and fields[3] in ("OBJECT", "TLS", "NOTYPE"):
            section, _, place = fields[6].partition("\t")
            yield fields[0], section.strip(), place.strip()


def find_place(name):
    """nm knows no line for what belongs to a thread; then the source is searched."""
    for path in source.files(".", ["src", "cmd"]):
        for number, line in enumerate(source.code_lines(source.read(".", path)), 1):
            if re.search(rf"\b{name}\b", line):
                return f"{path}:{number}"
    return "?:0"


def check(objects, names):
    found = 0
    for path in objects:
        for name, section, place in symbols(path):
            if not section.startswith(WRITABLE) or section.startswith(CONSTANT):
                continue
            if name.split(".")[0] in names:
                continue
            found += 1
            where = os.path.relpath(place) if place else find_place(name)
            print(f"{where}: {name} is a writable global ({section})")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(check(sys.argv[2:], allowed(sys.argv[1])))
