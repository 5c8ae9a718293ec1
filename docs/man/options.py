#!/usr/bin/python3
"""options.py HEWN: writes the options of hewn(1) anew into docs/man/hewn.1, as that program's table of options
(cmd/hewn/table.c) says them. A test holds the two against each other."""
import os
import re
import subprocess
import sys

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hewn.1")
PART = re.compile(r'(?<=^\.\\" Made by docs/man/options\.py from cmd/hewn/table\.c\.\n).*?(?=^\.\\" Made to here\.$)',
                  re.MULTILINE | re.DOTALL)


def told(hewn):
    """What the program says of its options, in mdoc(7)."""
    return subprocess.run([hewn, "completions", "man"], check=True, capture_output=True, text=True).stdout


def written(page):
    """What the page says of them."""
    return PART.search(page).group()


def main(hewn):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(PART.sub(lambda _: told(hewn), page))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
