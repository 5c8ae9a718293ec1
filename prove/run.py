#!/usr/bin/env python3
"""Runs what is proved rather than tested: `./dev prove`.

takeover.pml is searched exhaustively by Spin, with weak fairness; then each of its deliberate mistakes must be found, so that it is
known that the search would see one. PROOFS are the functions of which Frama-C's WP shows, with z3 and cvc4, that they have no run-time error
and keep their contracts; mistakes.c must not pass. docs/proofs.md says what that means and what is left out; its list is compared
with this one. Where there is no Frama-C the proofs are skipped, in words, and what could be run decides the exit status.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
MODEL = os.path.join(HERE, "takeover.pml")
MISTAKES = ("BROKEN_SWAP", "BROKEN_WAKE")

# Where the functions are defined; those of a header are proved where the file before the colon includes it.
PROOFS = {
    "src/base/text.c": """hw_text_of hw_text_equal hw_text_equal_nocase hw_text_has_prefix hw_text_has_suffix hw_text_find
        hw_text_find_last hw_text_from hw_text_upto hw_text_trim hw_char_lower hw_char_is_blank hw_char_is_digit
        hw_char_is_alpha hw_char_hex""",
    "src/base/cursor.c": """hw_cursor_of hw_cursor_left hw_cursor_at_end hw_cursor_rest hw_cursor_peek hw_cursor_next
        hw_cursor_take hw_cursor_take_text hw_cursor_take_bytes hw_cursor_take_while hw_cursor_take_until
        hw_cursor_skip_blanks""",
    "src/base/number.c": """hw_number_decimal hw_number_hex hw_number_add hw_number_add_native hw_number_add_portable hw_number_multiply
        hw_number_multiply_native hw_number_multiply_portable hw_size_add hw_size_add_native hw_size_add_portable
        hw_size_multiply hw_size_multiply_native hw_size_multiply_portable hw_number_min hw_size_min hw_size_max""",
    "src/h1/chunk.c": """kind_of_chunk_byte take_size_digit take_extension_byte take_line_byte begin_chunk_line
        take_chunk_byte hw_h1_chunk_begin hw_h1_chunk_read hw_h1_refuse hw_h1_go_to""",
    "src/http/uri.c": "hw_uri_take_percent hw_uri_is_made_of hw_uri_has_char hw_scan_is",
    "src/http/element.c": "take_unquoted_until hw_element_next",
    "src/http/path.c": "decode_segment hw_buffer_room hw_buffer_claim hw_buffer_put_char",
    "src/http/range.c": """read_position read_range_spec satisfy_span overlap_or_touch join_ranges merge_range read_range_set
        has_suffix_span hw_range_parse""",
}
PLANTED = "prove/mistakes.c"
PAGE = "docs/proofs.md"
GOAL_SECONDS = 60  # of each prover in turn; nearly all goals take a tenth of one
FILE_SECONDS = 1200
# A function without a contract may be seen by a file, but what is proved must not call it.
NO_CONTRACT = re.compile(r"(?:Neither code nor specification|No 'assigns' specification) for function '?(\w+)")
# Warnings that say nothing about what is proved: what the memory model takes for granted, which docs/proofs.md names, and that callers
# of a function know less than they could.
HARMLESS = ("Memory model hypotheses for function", "No \\from specification for assigned pointer", "No 'assigns \\result \\from ...' specification for function")


def search(folder, *defines):
    """The number of errors Spin finds, and of the states it has looked at."""
    flags = [f"-D{define}" for define in defines]
    subprocess.run(["spin", *flags, "-a", MODEL], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["gcc", "-O2", "-w", "-DNFAIR=4", "-o", "pan", "pan.c"], cwd=folder, check=True)
    told = subprocess.run(["./pan", "-a", "-f", "-m1000000"], cwd=folder, check=True, text=True, stdout=subprocess.PIPE).stdout
    errors = re.search(r"errors: (\d+)", told)
    states = re.search(r"(\d+) states, stored", told)
    if not errors or "max search depth too small" in told or "out of memory" in told:
        raise SystemExit(f"prove: the search did not end:\n{told}")
    return int(errors[1]), int(states[1]) if states else 0


def search_model():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for defines in ((), *((mistake,) for mistake in MISTAKES)):
            began = time.monotonic()
            errors, states = search(folder, *defines)
            is_right = (errors == 0) == (not defines)
            what = f"with {defines[0]}: {'found' if errors else 'NOT FOUND'}" if defines else f"{errors} errors in {states} states"
            print(f"prove: takeover {what} ({time.monotonic() - began:.0f} s)", flush=True)
            failed += not is_right
    return failed


def weigh(home, source, functions, seconds):
    """What Frama-C says of these functions, and how many goals of each are proved, and how many there are."""
    share = subprocess.run(["frama-c", "-print-share-path"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    # Its own C library, but for what prove/include has; the overflow builtins by the names of those it knows the contracts of.
    preprocess = (f"-nostdinc -Iprove/include -I{share}/libc -iquote prove/include -iquote src -D_GNU_SOURCE "
                  "-include __fc_gcc_builtins.h -D__builtin_add_overflow=__builtin_uaddl_overflow "
                  "-D__builtin_mul_overflow=__builtin_umull_overflow")
    told = subprocess.run(
        ["frama-c", "-c11", "-machdep", "gcc_x86_64", "-no-frama-c-stdlib", f"-cpp-extra-args={preprocess}", source,
         "-warn-unsigned-overflow", "-warn-invalid-pointer", "-rte-no-pointer-call",
         "-wp", "-wp-rte", "-wp-model", "Typed+ref", "-wp-fct", ",".join(functions),
         "-wp-prover", "z3,cvc4", "-wp-timeout", str(seconds), "-wp-par", "2", "-wp-session", os.path.join(home, "session")],
        cwd=ROOT, env=dict(os.environ, HOME=home), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=FILE_SECONDS)
    goals = {function: [0, 0] for function in functions}
    by_length = sorted(functions, key=len, reverse=True)
    for line in told.stdout.splitlines():
        goal = re.match(r"\[wp\] \[(.*?)\] Goal typed_ref_(\w+)(?: : (\w+))?", line)
        if not goal:
            continue
        name, verdict = goal[2], goal[3] or goal[1]
        function = next((function for function in by_length if name.startswith(function + "_")), None)
        if function is None:
            raise SystemExit(f"prove: {source}: goal {name} is of no function that was asked for")
        goals[function][0] += verdict in ("Valid", "Passed")
        goals[function][1] += 1
    return told, goals


def bodies(source, functions):
    """The text of these functions, defined in the file or in a header."""
    texts = []
    for place in [os.path.join(ROOT, source), *sorted(glob.glob(os.path.join(ROOT, "src/*/*.h")))]:
        with open(place, encoding="utf-8") as file:
            texts.append(file.read())
    for function in functions:
        for text in texts:
            yield from re.findall(rf"^\w[^\n;]*\b{function}\([^;{{}}]*\n\{{\n(.*?)^\}}", text, re.MULTILINE | re.DOTALL)


def doubts(told, source, functions):
    """Why the counts of goals alone are not to be believed."""
    proved = "\n".join(bodies(source, functions))
    total = re.search(r"Proved goals: +(\d+) / (\d+)", told.stdout)
    if told.returncode or not total:
        yield f"Frama-C ended with {told.returncode}"
    elif total[1] != total[2]:
        yield f"{total[1]} of {total[2]} goals are proved"
    for warning in re.findall(r"Warning: ?\n? *(.*)", told.stdout):
        unknown = NO_CONTRACT.match(warning)
        if unknown and re.search(rf"\b{unknown[1]}\(", proved):
            yield f"{unknown[1]} is called and has no contract"
        elif not unknown and not warning.startswith(HARMLESS):
            yield f"warning: {warning}"


def prove_file(home, source, functions):
    began = time.monotonic()
    told, goals = weigh(home, source, functions, GOAL_SECONDS)
    for function in functions:
        proved, count = goals[function]
        verdict = "" if proved == count > 0 else "   NOT PROVED"
        print(f"prove:   {function:32}{proved:4} / {count}{verdict}", flush=True)
    complaints = list(doubts(told, source, functions)) + [f"no goal of {name}" for name, (_, count) in goals.items() if not count]
    proved, count = (sum(column) for column in zip(*goals.values()))
    print(f"prove: {source}: {proved} of {count} goals ({time.monotonic() - began:.0f} s)", flush=True)
    for complaint in complaints:
        print(f"prove: {source}: {complaint}")
    if complaints:
        print("\n".join(line for line in told.stdout.splitlines() if re.search(r"Failed|Timeout|Unknown", line)))
    return bool(complaints)


def find_planted(home):
    """Each function of PLANTED has one mistake, which must be seen."""
    with open(os.path.join(ROOT, PLANTED), encoding="utf-8") as source:
        functions = re.findall(r"^\w[\w ]*\W(plant_\w+)\(", source.read(), re.MULTILINE)
    began = time.monotonic()
    _, goals = weigh(home, PLANTED, functions, 5)
    missed = [function for function, (proved, count) in goals.items() if proved == count]
    print(f"prove: {PLANTED}: {len(functions) - len(missed)} of {len(functions)} mistakes found"
          f"{': not ' + ', '.join(missed) if missed else ''} ({time.monotonic() - began:.0f} s)", flush=True)
    return bool(missed) or not functions


def admissions(source):
    """What would be believed without a proof."""
    with open(os.path.join(ROOT, source), encoding="utf-8") as file:
        annotations = re.findall(r"/\*@.*?\*/", file.read(), re.DOTALL)
    return [text for text in annotations if re.search(r"\b(admit|axiom|axiomatic|lemma)\b", text)]


def check_page():
    """docs/proofs.md lists the same functions, file by file."""
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as page:
        rows = re.findall(r"^\| `(src/[\w/.]+)` \| (.*?) \|", page.read(), re.MULTILINE)
    told = {source: sorted(re.findall(r"`(\w+)`", names)) for source, names in rows}
    failed = told != {source: sorted(names.split()) for source, names in PROOFS.items()}
    if failed:
        print(f"prove: {PAGE} does not list what is proved here")
    for folder in ("src/base", "src/h1", "src/http"):
        for name in sorted(os.listdir(os.path.join(ROOT, folder))):
            if name.endswith((".c", ".h")) and admissions(f"{folder}/{name}"):
                print(f"prove: {folder}/{name} asks to be believed")
                failed = True
    return failed


def prove_code():
    failed = check_page()
    if not shutil.which("frama-c"):
        print("prove: Frama-C is not installed, and Debian 13 does not have it (Debian 12 does: frama-c-base): the code is NOT "
              f"proved here; what would be is in {PAGE}", flush=True)
        return failed
    with tempfile.TemporaryDirectory() as home:
        subprocess.run(["why3", "config", "detect"], env=dict(os.environ, HOME=home), check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for source, names in PROOFS.items():
            failed |= prove_file(home, source, names.split())
        failed |= find_planted(home)
    return failed


def main():
    failed = search_model()
    return 1 if prove_code() or failed else 0


if __name__ == "__main__":
    sys.exit(main())
