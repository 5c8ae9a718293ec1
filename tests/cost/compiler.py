"""Which of the compilers that are counted here made a program: what it may cost is told for each of them."""
import re
from pathlib import Path

COUNTED = ("gcc12", "gcc14")  # of Debian 12 and 13


def compiler_of(program):
    """The counted compiler that is the nearest to the one which made it."""
    made = re.search(rb"GCC: \([^)]*\) (\d+)\.", Path(program).read_bytes())
    return COUNTED[1] if made and int(made[1]) >= 13 else COUNTED[0]
