#!/usr/bin/python3
"""release.py BUILD: what must hold for the release program besides its behaviour: it is hardened, and
the seam costs it no indirect call."""
import json
import os
import platform
import re
import subprocess
import sys

FLAGS = ["-fstack-protector-strong", "-D_FORTIFY_SOURCE=3", "-fno-strict-overflow",
         "-fno-strict-aliasing", "-flto=2"]
# Those that not every compiler knows are wanted from gcc on this processor.
GCC_FLAGS = ["-ftrivial-auto-var-init=zero"] + (
    ["-fcf-protection"] if platform.machine() == "x86_64" else [])


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def is_position_independent(program):
    return bool(re.search(r"Type:\s+DYN", output("readelf", "-hW", program)))


def has_full_relro(program):
    return ("GNU_RELRO" in output("readelf", "-lW", program)
            and re.search(r"FLAGS.*\bNOW\b", output("readelf", "-dW", program)) is not None)


def has_no_executable_stack(program):
    return re.search(r"GNU_STACK.* RW ", output("readelf", "-lW", program)) is not None


def guards_its_stack(program):
    return "__stack_chk_fail" in output("readelf", "--dyn-syms", "-W", program)


def marks_branch_targets(program):
    """In the code: the note of the whole program is lost to the C library's own start files."""
    return (platform.machine() != "x86_64"
            or "endbr64" in output("objdump", "-d", "--no-show-raw-insn", program))


def is_compiled_with_every_flag(program):
    with open(os.path.join(os.path.dirname(program), "compile_commands.json"),
              encoding="utf-8") as file:
        commands = [entry["command"] for entry in json.load(file) if entry["file"].endswith(".c")]
    missing = {flag for flag in FLAGS + GCC_FLAGS for command in commands
               if flag not in command.split()}
    if missing:
        print("missing:", *sorted(missing))
    return not missing


def calls_the_seam_directly(program):
    """No hw_sys function's address is taken: by code (lea) or in a table (a relative relocation)."""
    seam = {}
    for line in output("nm", program).splitlines():
        fields = line.split()
        if len(fields) == 3 and fields[2].startswith("hw_sys_"):
            if fields[1] not in "tT":
                print(f"{fields[2]} is not a function")
                return False
            seam[int(fields[0], 16)] = fields[2]
    tables = [seam[int(addend, 16)] for addend in
              re.findall(r"R_\w+_RELATIVE\s+([0-9a-f]+)", output("readelf", "-rW", program))
              if int(addend, 16) in seam]
    code = re.findall(r"\slea .*<(hw_sys_\w+)>",
                      output("objdump", "-d", "--no-show-raw-insn", program))
    if tables or code:
        print("address taken:", *tables, *code)
    return not tables and not code


CHECKS = [is_position_independent, has_full_relro, has_no_executable_stack, guards_its_stack,
          marks_branch_targets, is_compiled_with_every_flag, calls_the_seam_directly]


def main(build):
    program = os.path.join(build, "hewn")
    failed = [check.__name__ for check in CHECKS if not check(program)]
    for name in failed:
        print(f"{program}: failed: {name}")
    print(f"{len(CHECKS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
