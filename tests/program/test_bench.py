"""What the benchmarks make of their figures: statistics, verdicts, the page; and that they run at all."""
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree

import pytest
from conftest import TOP

sys.path.append(str(TOP / "bench"))
import drawings
import figures
import folder
import goals
import noise
import page
import scenarios
import servers

QUIET = {"others": 0.0, "stolen": 0.0, "load_average": 0.1}
BUSY = {"others": 0.5, "stolen": 0.0, "load_average": 3.0}


PLAIN_SCENARIOS = ["small64", "missing", "fresh", "pipeline16", "connect", "cross8k", "start"]
SECRET_SCENARIOS = ["tls_full", "tls_resumed", "tls_100k", *(["h2_small", "h2_clear"] if shutil.which("h2load") else [])]


def load_request_cost():
    specification = importlib.util.spec_from_file_location("request_cost", TOP / "tests/cost/request.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


request_cost = load_request_cost()


def rounds_of(*values, **more):
    """{number: row} with these figures as cpu_us"""
    return {number: {"cpu_us": value, **more} for number, value in enumerate(values, 1)}


def scenario_of(rounds, figure="cpu_us", seen=QUIET):
    return {"title": "some | scenario", "figure": figure, "noise": seen, "failed": {"h2o": "did not <start>"}, "rounds": rounds,
            "commands": dict.fromkeys(rounds, "serve"), "load": dict.fromkeys(rounds, "load"),
            "summary": figures.summarize(rounds, figure, ["floor", "nginx"])}


def results_of(found, seen=QUIET, **more):
    return {"date": "2030-01-01", "command": "./dev bench", "rounds": 15, "seconds": 0.5, "noise": seen, "absent": ["h2o"],
            "versions": {"hewn": "hewn 1"}, "scenarios": found,
            "machine": {"processor": "some", "processors": 2, "memory_mb": 4096, "system": "Debian", "kernel": "6.1",
                        "server_cpu": 0, "load_cpu": 1, "share_a_core": True}, **more}


def verdict(scenario, rounds, **more):
    """{goal: (measured, met)} of a scenario"""
    table = goals.verdicts(results_of({scenario: scenario_of(rounds, **more)}))
    return {row[2]: (row[3], row[4]) for row in table[1:]}


def test_the_interval_of_a_median_is_by_ranks():
    low, high, confidence = figures.interval(range(1, 16))
    assert (low, high) == (4, 12) and 0.95 <= confidence < 0.97
    assert figures.interval([3, 1, 2])[:2] == (1, 3)
    assert figures.interval([7]) == (7, 7, 0)


def test_ratios_are_of_one_round_each():
    found = figures.ratio(rounds_of(2, 40, 6), rounds_of(1, 20, 3), "cpu_us")
    assert found["median"] == found["low"] == found["high"] == 2 and found["count"] == 3
    assert figures.ratio({1: {"cpu_us": 2}}, {2: {"cpu_us": 1}}, "cpu_us") is None


def test_of_the_worst_waits_the_worst_is_shown():
    assert figures.medians({1: {"worst_us": 9, "p99_us": 9}, 2: {"worst_us": 1, "p99_us": 1}}) == {"worst_us": 9, "p99_us": 5}


@pytest.mark.parametrize("ones, others, expected", [
    ([1, 2, 4], [2, 4, 8], None), ([2, 2, 2], [1, 1, 1], 4), ([1, 1], [2, 0.5], 4 * 2 ** 0.5), ([1, 1, 1], [2, 0.5, 2], None)])
def test_the_crossover_lies_between_two_sizes(ones, others, expected):
    found = figures.crossing([4, 8, 16][:len(ones)], ones, others)
    assert found == (pytest.approx(expected) if expected else None)


def test_a_fine_goal_is_met_when_its_interval_reaches_it():
    floor = rounds_of(*[1.0] * 15)
    assert verdict("missing", {"hewn": rounds_of(*[1.1] * 15), "floor": floor})["<= 1.15 x floor"][1] == "yes"
    spread = rounds_of(*[1.0] * 5, *[1.2] * 10)
    assert verdict("missing", {"hewn": spread, "floor": floor})["<= 1.15 x floor"][1] == "yes, within noise"
    assert verdict("missing", {"hewn": rounds_of(*[1.2] * 15), "floor": floor})["<= 1.15 x floor"][1] == "no"


def test_a_fine_goal_takes_fifteen_rounds():
    found = verdict("missing", {"hewn": rounds_of(*[1.0] * 14), "floor": rounds_of(*[1.0] * 14)})
    assert found["<= 1.15 x floor"][1] == "open: 14 rounds of 15"


def test_a_coarse_goal_is_met_by_the_median():
    mine, spread = rounds_of(*[1.0] * 5), rounds_of(1.7, 1.7, 1.7, 1.9, 1.9)
    assert verdict("small64", {"hewn": mine, "nginx": spread})["nginx takes >= 1.8 x"][1] == "no"
    assert verdict("small64", {"hewn": mine, "nginx": rounds_of(*[1.9] * 5)})["nginx takes >= 1.8 x"][1] == "yes"


def test_what_was_not_measured_is_not_judged():
    found = verdict("small64", {"hewn": rounds_of(*[1.0] * 15)})
    assert found["<= 1.15 x floor"] == ("-", "not measured: no floor")
    assert verdict("small64", {"floor": rounds_of(1.0)})["<= 1.15 x floor"] == ("-", "not measured")


def test_a_server_that_failed_has_reached_nothing():
    scenario = {**scenario_of({"floor": rounds_of(1.0)}), "failed": {"hewn": "9 answers, 9 of them wrong"}}
    table = goals.verdicts(results_of({"files100k": scenario}))
    assert {row[4] for row in table[1:]} == {"no: 9 answers, 9 of them wrong"}


def test_a_busy_machine_is_told_in_the_verdict():
    found = verdict("missing", {"hewn": rounds_of(*[1.0] * 15), "floor": rounds_of(*[1.0] * 15)}, seen=BUSY)
    assert found["<= 1.15 x floor"][1] == "yes; busy machine"


def test_the_factor_of_idle_connections_is_compared_with_the_floors():
    rows = {"hewn": rounds_of(*[1] * 15, factor=1.25, connection_bytes=700), "floor": rounds_of(*[1] * 15, factor=1.2)}
    found = verdict("idle10k", rows)
    assert found["<= floor's + 0.1"][1] == "yes" and found["<= 600"][1] == "no"


def test_one_late_answer_is_a_stall_unless_the_floor_had_one():
    def worst(mine, floor):
        return {"hewn": rounds_of(1, worst_us=mine, rps=1, busy=1), "floor": rounds_of(1, worst_us=floor, rps=1, busy=1)}
    assert verdict("pipeline16", worst(9_999, 100))["worst < 10 ms"][1] == "yes"
    assert verdict("pipeline16", worst(40_000, 100))["worst < 10 ms"] == ("40.0 ms (1 of 1 rounds late), the floor 0.1 ms", "no")
    assert verdict("pipeline16", worst(40_000, 20_000))["worst < 10 ms"][1] == "open: the floor stalled too"


def test_requests_a_second_of_a_server_that_waited_are_told():
    rows = {name: rounds_of(1, worst_us=1, rps=10, busy=busy) for name, busy in (("hewn", 0.95), ("floor", 0.4))}
    assert verdict("pipeline16", rows)[">= 0.65 x floor"][0].endswith("but busy: floor 0.40")


def cost_of(calls, crowd=None, instructions=1000):
    return {"calls": calls, "crowd": crowd, "instructions": instructions, "which": {"recvfrom": 1.0}}


def test_counts_are_judged_without_rounds():
    counted = {"hewn": {"200": cost_of(3.0, 2.05)}, "floor": {"200": cost_of(3.0, 2.03)}, "log combined": {"200": cost_of(4.0)}}
    table = goals.verdicts(results_of({}, cost=counted))
    found = {row[0]: row[4] for row in table if row[3] != "-"}
    assert found["system calls of a 200, 32 connections"] == "yes"
    assert found["system calls of a 200, 1 connection"] == "yes"
    assert found["system calls with an access log"] == "no"


def test_every_goal_is_of_a_scenario_and_a_server_that_is_measured_there():
    for goal in goals.GOALS:
        if goal.scenario == scenarios.COST:
            continue
        assert goal.base in ("", "plain", *scenarios.SCENARIOS[goal.scenario].servers), goal
        assert goal.base != "plain" or scenarios.SCENARIOS[goal.scenario].plain, goal


def test_every_file_and_server_of_a_scenario_exists():
    for scenario in scenarios.SCENARIOS.values():
        assert scenario.status != 200 or scenario.path[1:] in folder.FILES
        assert set(scenario.servers) <= servers.COMMANDS.keys()


def test_a_plain_request_has_three_fields_and_a_browsers_about_a_kilobyte():
    assert len(folder.PLAIN) == 2  # and Host
    assert 1000 < sum(len(line) + 2 for line in folder.BROWSER) < 1200
    assert len(folder.FIELDS["sixty"]) == 62


def test_only_our_processors_are_watched():
    text = "cpu 9 9 9 9 9 9 9 9\ncpu0 1 2 3 100 0 4 5 6 0 0\ncpu1 10 0 0 100 0 0 0 1 0 0\ncpu10 50 0 0 0 0 0 0 0 0 0\n"
    assert noise.read_clocks(text, {0, 1}) == (25, 7)
    assert not noise.complaints(QUIET) and "0.50" in noise.complaints(BUSY)


def whole_results():
    rows = {name: rounds_of(cost, cost * 1.01, cost * 40) for name, cost in (("floor", 5.0), ("hewn", 6.0), ("nginx", 1e4))}
    found = {"small64": scenario_of(rows, seen=BUSY), "file10k": scenario_of({"floor": rounds_of(1.0)}), "missing": scenario_of({})}
    for kib, files in ((4, 2.0), (8, 0.5)):
        found[f"cross{kib}k"] = scenario_of({"floor": rounds_of(1.0), "floor-file": rounds_of(files)})
    return results_of(found, cost={"hewn": {"200": cost_of(3.0)}})


def test_the_page_is_made_of_partial_results(tmp_path):
    for results in (results_of({}), whole_results(), json.loads(json.dumps(whole_results()))):
        page.write(results, ["floor", "nginx"], str(tmp_path))
        words = (tmp_path / "bench.md").read_text()
        drawn = {path.name for path in (tmp_path / "bench").iterdir()}
        assert {f"bench/{name}" in words for name in drawn} <= {True}
        for path in (tmp_path / "bench").iterdir():
            assert "script" not in {element.tag for element in xml.etree.ElementTree.parse(path).iter()}
    assert drawn == {"overview.svg", "small64.svg", "file10k.svg", "crossover.svg"}
    assert "busy with something else" in words and "h2o: not to be had" in words and "did not &lt;start>" in words
    assert "below 6 KiB" in page.find_crossover(whole_results())


H2LOAD = """finished in 250.00ms, 8000.00 req/s, 1.38MB/s
status codes: 2000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 353.20KB (361678) total, 78.13KB (80000) headers (space savings 83.87%), 250.00KB (256000) data
"""


def test_answers_of_http2_are_counted():
    small = scenarios.SCENARIOS["h2_small"]
    assert scenarios.read_h2_result(H2LOAD, small, 2000) == (0.25, 256000)
    for said in (H2LOAD.replace("2000 2xx, 0 3xx", "1999 2xx, 1 3xx"), H2LOAD.replace("(256000)", "(255999)"), "no server"):
        with pytest.raises(servers.Failure):
            scenarios.read_h2_result(said, small, 2000)


def test_what_lies_beyond_the_axis_is_named():
    assert "nginx 2,000" in drawings.overview(whole_results())


def test_calls_are_those_of_the_thread_that_was_asked():
    trace = ['7 recvfrom(5, "GET /index.html?alone-200-0 HTTP/1.1", 9) = 9', '8 clock_nanosleep(1) = 0', "7 sendto(5) = 250",
             '7 write(1, "GET /index.html?alone-200-0 HTTP/1.1", 9) = 9',
             "7 epoll_wait(3, [], 512, 1000) = 0", "7 timerfd_settime(1) = 0", "7 epoll_wait(3, [{x}], 512, 1000) = 1",
             '7 recvfrom(5, "GET /index.html?alone-200-1 HTTP/1.1", 9) = 9']
    assert request_cost.calls_between_marks(trace, "alone-200") == [{"recvfrom": 1, "sendto": 1, "write": 1, "epoll_wait": 1}]
    with pytest.raises(request_cost.Failure):
        request_cost.calls_between_marks(trace, "alone-304")


def test_a_ceiling_is_a_ceiling(capsys):
    rows = {"hewn": {"200": cost_of(3.0, 2.05, 1000)}, "floor": {"200": cost_of(3.0, 2.03)}}
    ceilings = {"200": {"calls": 3.0, "above": 0.02, "instructions": 1000.0}}
    assert request_cost.judge_all(rows, ceilings, True) == [True, True, True]
    rows["hewn"]["200"] = cost_of(3.01, 2.06, 1001)
    assert request_cost.judge_all(rows, ceilings, True) == [False, False, False]
    assert "FAILED: 200: 3.01 calls a request, at most 3.00" in capsys.readouterr().out
    assert request_cost.judge_all(rows, ceilings, False) == [False, False]


@pytest.mark.parametrize("compiler", request_cost.COUNTED)
def test_every_shape_has_its_ceilings(compiler):
    ceilings = request_cost.read_ceilings(compiler)
    assert ceilings.keys() == request_cost.make_shapes().keys()
    assert all(("above" in one) == (name in request_cost.CROWD_SHAPES) for name, one in ceilings.items())
    assert all({"calls", "instructions"} <= one.keys() for one in ceilings.values())


@pytest.mark.skipif(not shutil.which("taskset"), reason="taskset is not installed")
def test_the_benchmarks_run(hewn, tmp_path):
    command = [sys.executable, "bench/run.py", "--place", tmp_path, "--hewn", hewn, "--servers", "floor,hewn", "--rounds", "1",
               "--seconds", "0.05", *PLAIN_SCENARIOS, *SECRET_SCENARIOS]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results["scenarios"]) == len(PLAIN_SCENARIOS) + len(SECRET_SCENARIOS)
    assert [(name, one["failed"]) for name, one in results["scenarios"].items() if one["failed"] or "hewn" not in one["summary"]] == []
    assert all("floor" in one["summary"] for name, one in results["scenarios"].items() if not name.startswith("h2"))
    assert "<= 1.15 x floor" in done.stdout and "open: 1 rounds of 15" in done.stdout
