"""The command that refutes Example 1: what it prints and writes, and what it refuses."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from flint import arb

from simulate import example1
from simulate.counterexample import main, midpoint_radius
from tests.simulate.refusals import refused

ROOT = Path(__file__).parents[2]


def test_failure_is_reported(monkeypatch, capsys):
    monkeypatch.setattr(example1, "slope", lambda c, eps: 1.01 * abs(c) * math.sqrt(eps) / 2)
    assert main([]) == 1
    assert "does not stand" in capsys.readouterr().out.splitlines()[-1]
    assert main(["--json"]) == 1
    assert json.loads(capsys.readouterr().out)["stands"] is False


@pytest.mark.parametrize("ball", [arb(0), arb(1) / 3, arb(0.25, 1e-17), arb("0.1", "1e-30"), arb(1e-300, 1e-310)])
def test_midpoint_radius_contains_the_ball(ball):
    mid, radius = midpoint_radius(ball)
    outer = arb(mid, radius)
    assert outer.contains(ball)
    assert radius <= 2 * float(ball.rad()) + 2.0**-52 * abs(mid)


# the command line


def test_table(capsys):
    assert main([]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert captured.out.isascii()
    assert max(map(len, lines)) <= 120
    assert "1/4 at c' = 6.3246 stands" in lines[-1]
    rows = lines[4:10]
    assert rows[0].split()[:2] == ["c", "k"]
    assert rows[-1].split()[:2] == ["63.246", "10"]
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize(
    "argv",
    [
        "--eps 1e-300 --c 0 1 -1e3 1e150 1e300",
        "--eps 1e300 --c 0 -1e-300 1e-150 1e3 1e150",
        "--eps 12345.678 --c 1.2345678e-300 9.87654321e297",
        "--c 1e-300 1e-3 1e3 1e300",
        "--samples 2",
        "--level 1e-9 --samples 100",
        "--level 0.9999999999 --samples 100 --seed 123456789012345678901234567890",
    ],
)
def test_extremes_give_finite_json_and_a_table(argv, capsys):
    assert main(argv.split()) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 124
    assert main([*argv.split(), "--json"]) == 0

    def refuse(constant):
        raise AssertionError(constant)

    results = json.loads(capsys.readouterr().out, parse_constant=refuse)
    for row in results["rows"]:
        assert row["closed_form"] == pytest.approx(math.atan(abs(row["c"]) * math.sqrt(results["eps"]) / 2) / math.pi)
        assert abs(row["closed_form"] - row["enclosure"]["mid"]) <= row["enclosure"]["radius"] + 1e-15
        assert row["enclosure"]["radius"] < 1e-15


def test_json_schema(capsys):
    assert main(["--eps", "0.5", "--c", "0", "-1.5", "2", "--level", "0.9", "--seed", "3", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)
    assert results["eps"] == 0.5
    assert results["level"] == 0.9
    assert results["seed"] == 3
    assert results["stands"] is True
    assert set(results["align"]) == {"closed_form", "estimate", "low", "high"}
    assert set(results["robust"]) == {"clip", "closed_form", "estimate", "low", "high"}
    assert [row["c"] for row in results["rows"]] == [0.0, -1.5, 2.0]
    for row in results["rows"]:
        assert set(row) >= {"c", "closed_form", "enclosure", "conditioned", "counted", "probe"}
        assert set(row["enclosure"]) == {"mid", "radius"}
        assert row["conditioned"]["low"] <= row["conditioned"]["estimate"] <= row["conditioned"]["high"]
        assert row["counted"]["low"] <= row["counted"]["estimate"] <= row["counted"]["high"]
        assert 0 <= row["probe"]["risk"] <= 1


def test_same_seed_same_result_and_rows_do_not_depend_on_each_other(capsys):
    def rows(*words):
        assert main([*words, "--samples", "1000", "--json"]) == 0
        return json.loads(capsys.readouterr().out)["rows"]

    both = rows("--c", "1", "2")
    assert both == rows("--c", "1", "2")
    assert both[1:] == rows("--c", "2")
    assert both != rows("--c", "1", "2", "--seed", "1")
    assert rows("--c", "-0") == rows("--c", "0")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ("--eps 0", "eps=0.0: not between"),
        ("--eps -1e-3", "eps=-0.001:"),
        ("--eps nan", "eps=nan:"),
        ("--eps inf", "eps=inf:"),
        ("--eps 1e301", "eps=1e+301:"),
        ("--eps x", "'x' is not a number"),
        ("--eps", "expected one argument"),
        ("--c nan", "c=nan:"),
        ("--c 1 -inf", "c=-inf:"),
        ("--c 1e-301", "c=1e-301:"),
        ("--c 1 two", "'two' is not a number"),
        ("--c", "expected at least one argument"),
        ("--eps 1e300 --c 1e200", "c=1e+200: slope |c| sqrt(eps)/2 exceeds 1e+300"),
        ("--clip 0", "clip=0.0:"),
        ("--clip -1", "clip=-1.0:"),
        ("--clip nan", "clip=nan:"),
        ("--clip 1e200", "clip=1e+200: L_AR = eps clip^2 exceeds 1e+300"),
        ("--level 0", "level=0.0:"),
        ("--level 1", "level=1.0:"),
        ("--level nan", "level=nan:"),
        ("--level -.5", "level=-0.5:"),
        ("--samples 1", "samples=1:"),
        ("--samples -7", "samples=-7:"),
        ("--samples 2.5", "'2.5' is not an integer"),
        ("--samples 1e5", "'1e5' is not an integer"),
        ("--samples 10000000000", "samples=10000000000:"),
        ("--seed -1", "seed=-1:"),
        ("--seed 0.5", "'0.5' is not an integer"),
        ("--sample 5", "unrecognized arguments: --sample 5"),
        ("--bogus", "unrecognized arguments: --bogus"),
        ("5", "unrecognized arguments: 5"),
    ],
)
def test_bad_arguments(argv, words, capsys):
    refused(main, argv, words, capsys)


def test_bad_argument_with_a_line_break(capsys):
    with pytest.raises(SystemExit):
        main(["--eps", "a\nb"])
    assert capsys.readouterr().err.count("\n") == 1


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "--eps" in capsys.readouterr().out


def test_subprocess_warns_of_nothing():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "simulate.counterexample"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stderr == ""
    assert "stands" in done.stdout.splitlines()[-1]
