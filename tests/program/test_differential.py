"""What was decided where servers disagree stays decided: tests/differential/cases.json, which `./dev differential --record` makes."""
import json
import sys

from conftest import TOP, fetch

sys.path.append(str(TOP / "tests" / "differential"))
import generate
import listen
from ingredients import ALL
from peers import FILES


def test_the_answers_are_the_ones_that_were_decided(start, place):
    cases = json.loads((TOP / "tests/differential/cases.json").read_text())
    assert len(cases) > len(ALL)
    (place / "dist" / "index.html").unlink()
    for file, text in FILES.items():
        (place / "dist" / file).write_text(text)
    port = start("-l", "127.0.0.1:0", "--no-list", "--log", "off", "dist").port()
    jobs = [(number, port, case["request"].encode("latin-1")) for number, case in enumerate(cases)]
    outcomes = listen.play_surely(jobs, quiet=0.5, long=1.5)
    wrong = [f"{case['id']}: {outcomes[number]}, not {case['hewn']}: {case['request']!r}"[:400]
             for number, case in enumerate(cases) if outcomes[number] != case["hewn"]]
    assert not wrong, f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong)
    assert fetch(port, "/a.txt")[0] == 200


def test_a_seed_means_the_same_requests_everywhere():
    first, second = generate.generate(7, 12), generate.generate(7, 12)
    assert first == second and first[2].endswith(generate.ingredients.FINAL)
    assert len({generate.generate(7, number)[2] for number in range(500)}) > 300


def test_outcomes_are_read_from_answers():
    answers = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n=A=HTTP/1.1 400 Bad\r\n\r\nno"
    assert listen.outcome_of(answers, "closed") == "100 200A 400 closed"
    assert listen.outcome_of(b"=S=", "closed") == "raw closed"
    assert listen.outcome_of(b"", "kept") == "kept"
