"""C source as our checks see it: code without comments and strings, line for line; functions."""
import os
import re

SKIPPED = re.compile(r"""
    /\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    """, re.VERBOSE | re.DOTALL)


def files(root, folders, endings=(".c", ".h")):
    """Paths below root, sorted, without the checks' own fixtures."""
    found = []
    for folder in folders:
        for place, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = [name for name in inner if name != "fixtures"]
            found += [os.path.relpath(os.path.join(place, name), root)
                      for name in names if name.endswith(endings)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def blank(match):
    """A comment or a string gives way to blanks and its own line ends; quotes stay."""
    text = match.group()
    kept = re.sub(r"[^\n]", " ", text)
    return text[0] + kept[1:-1] + text[-1] if text[0] in "\"'" else kept


def code_lines(text):
    """The lines with comments and the insides of strings blanked out."""
    return SKIPPED.sub(blank, text).split("\n")


def functions(lines):
    """(name, is_static, first, last) of every function, lines counted from 1: clang-format puts
    the braces of a function, and no others, alone at the beginning of a line."""
    found, opened = [], None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            opened = number
        elif line.rstrip() == "}" and opened:
            first = opened
            while first > 1 and re.match(r"[^#}\s]|\s+\S", lines[first - 2]) \
                    and not lines[first - 2].rstrip().endswith((";", "\\")):
                first -= 1
            head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "",
                          " ".join(lines[first - 1:opened - 1]))
            name = re.search(r"(\w+)\s*\(", head)
            if name:
                found.append((name.group(1), bool(re.search(r"\bstatic\b", head)), first, number))
            opened = None
    return found


def report(findings):
    """Prints `path:line: words`; the exit status."""
    for path, line, words in findings:
        print(f"{path}:{line}: {words}")
    return 1 if findings else 0
