#!/usr/bin/python3
"""layers.py [ROOT]: a file includes its own folder and what its row below names; never upwards,
never sideways. Programs include the public headers only."""
import os
import re
import sys

import source

# As in ARCHITECTURE.md: module, or file of one -> what it may include besides itself and the C
# library.
MAY_INCLUDE = {
    "sys": "",
    "base": "sys",
    "http": "base",
    "loop": "sys base",
    "h1": "base http",
    "h2": "base http",
    "ws": "base http",
    "net": "sys base loop",
    "exchange": "sys/clock sys/memory sys/thread base http",
    "app": "sys/clock sys/memory sys/thread base http exchange",
    "server": "sys base http loop net h1 h2 exchange",
    "watch": "sys base http loop exchange",
    "kit": "sys base http ws exchange app",
    "upstream": "base http loop net h1 h2 exchange",
    "run": "sys base http loop net h1 h2 ws exchange app server watch kit upstream",
}
SEE_PUBLIC_HEADERS = {"app", "kit", "exchange", "server", "watch", "run"}
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')


def check_include(root, path, module, quote, name):
    """What is wrong with it, or None."""
    public = os.path.exists(os.path.join(root, "include", name))
    folder = name.split("/")[0] if "/" in name else None
    if module is None:
        own = os.path.exists(os.path.join(root, os.path.dirname(path), name))
        if public or quote == "<" or (own and ".." not in name):
            return None
        return f"a program includes public headers only, not {name}"
    if ".." in name:
        return f"{name} leaves the folder; write it from src/ on"
    if public:
        return None if module in SEE_PUBLIC_HEADERS else f"{module} may not include {name}"
    if quote == "<":
        return None
    if folder is None:
        return f"{name} is named without its folder"
    may = MAY_INCLUDE[module].split()
    if folder == module or folder in may or name.removesuffix(".h") in may:
        return None
    return f"{module} may not include {folder} ({name})"


def check(root):
    findings = []
    for path in source.files(root, ["src", "cmd", "include"]):
        parts = path.split(os.sep)
        if parts[0] == "include":
            continue
        module = parts[1] if parts[0] == "src" else None
        if module is not None and module not in MAY_INCLUDE:
            findings.append((path, 1, f"no layer is called {module}"))
            continue
        for number, line in enumerate(source.read(root, path).split("\n"), 1):
            match = INCLUDE.match(line)
            words = match and check_include(root, path, module, *match.groups())
            if words:
                findings.append((path, number, words))
    return findings


if __name__ == "__main__":
    sys.exit(source.report(check(sys.argv[1] if len(sys.argv) > 1 else ".")))
