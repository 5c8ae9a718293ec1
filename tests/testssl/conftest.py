import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "program"))  # for running.py

# The fixtures of tests/program; it is a conftest too, and one name cannot be imported twice.
found = importlib.util.spec_from_file_location("program_conftest", HERE.parent / "program" / "conftest.py")
program = importlib.util.module_from_spec(found)
found.loader.exec_module(program)
hewn, place, start = program.hewn, program.place, program.start
