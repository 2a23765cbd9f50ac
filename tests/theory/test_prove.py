import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import flint
import pytest
import sympy
import z3

import theory.prove
from theory.prove import enclosure, identity, implication, positive_on_box
from theory.second_solver import second_answer

ROOT = Path(__file__).resolve().parents[2]
UNIT = (Fraction(0), Fraction(1))


def test_identity_decides_both_ways():
    a, b = sympy.symbols("a b")
    assert identity("t", (a + b) ** 2, a**2 + 2 * a * b + b**2).holds
    assert identity("t", (a + b) ** 2, a**2 + b**2).holds is False


def test_implication_decides_both_ways_and_shows_the_counter_model():
    x, y = z3.Reals("x y")
    assert implication("t", [x > 0, y > 0], x * y > 0, example={x: 1, y: 1}).holds
    failed = implication("t", [x > 0], x * y > 0, example={x: 1, y: 1})
    assert failed.holds is False
    assert "counter-model" in failed.computed


def square_is_nonnegative(factor):
    x = z3.Real("x")
    return implication("t", [x >= factor], x * x >= 0, example={x: factor})


def test_two_solvers_confirm_an_implication():
    assert square_is_nonnegative(1).solvers == ("Z3", "cvc5")
    x = z3.Real("x")
    refuted = implication("t", [], x * x > 0, example={})
    assert refuted.solvers == ()
    assert refuted.computed == "negation sat (Z3), sat (cvc5); counter-model [x = 0]"


@pytest.mark.parametrize(
    ("answer", "holds", "solvers"),
    [("unsat", True, ("Z3", "cvc5")), ("unknown", True, ("Z3",)), ("sat", None, ("Z3",))],
)
def test_solvers_that_contradict_each_other_leave_it_open(monkeypatch, answer, holds, solvers):
    monkeypatch.setattr(theory.prove, "second_answer", lambda _query, _limit_s: answer)
    evidence = square_is_nonnegative(1)
    assert (evidence.holds, evidence.solvers) == (holds, solvers)
    assert ("contradict" in evidence.computed) == (answer == "sat")


@pytest.mark.parametrize(("answer", "holds"), [("unsat", True), ("unknown", None), ("sat", False)])
def test_the_second_solver_suffices(monkeypatch, answer, holds):
    monkeypatch.setattr(z3.Solver, "check", lambda _: z3.unknown)
    monkeypatch.setattr(theory.prove, "second_answer", lambda _query, _limit_s: answer)
    assert square_is_nonnegative(1).holds is holds


def test_a_query_has_the_same_text_whatever_was_asked_before(monkeypatch):
    queries = []
    monkeypatch.setattr(theory.prove, "second_answer", lambda query, _limit_s: queries.append(query) or "unsat")
    square_is_nonnegative(2)
    z3.simplify(z3.Real("y") ** 3 + z3.Real("z"))
    square_is_nonnegative(2)
    square_is_nonnegative(3)
    assert queries[0] == queries[1] != queries[2]


HARD = """
(declare-fun p () Real)(declare-fun s () Real)(declare-fun r () Real)(declare-fun m () Real)(declare-fun o () Real)
(declare-fun u () Real)(assert (and (<= 0 p) (<= p 1) (<= 0 s) (<= 0 r) (<= 0 m) (<= o 1)))
(assert (= (* r r) (+ (* (- 1 p) (- 1 p)) (* p (* s s)))))
(assert (<= (* m m) (+ (* (- 1 p) (- 1 p)) (* p (* s s)))))
(assert (and (<= u (+ m (* (- 1 p) o))) (> u (+ (- 1 p) r))))(check-sat)
"""
"""cvc5 runs on in its algebra, past a time limit of its own."""


def test_the_second_solver_ends_at_its_limit():
    start = os.times().children_user
    assert second_answer(HARD, 1) == "unknown"
    assert os.times().children_user - start < 2


def test_the_second_solver_leaves_ctrl_c_to_python():
    code = f"from theory.second_solver import second_answer; print(flush=True); second_answer({HARD!r}, 60)"
    pipe = subprocess.PIPE  # a process of its own: an interrupt that comes late would end whatever pytest runs next
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert complaint.splitlines()[-1] == "KeyboardInterrupt"


def test_a_query_that_the_second_solver_cannot_read_is_an_error():
    reserved = z3.Real("true")
    with pytest.raises(RuntimeError, match=r"cvc5 gave no answer: .*; use names that SMT-LIB does not reserve"):
        implication("t", [reserved >= 0], reserved + 1 >= 0, example={reserved: 1})


def test_a_vacuous_implication_is_refused():
    x = z3.Real("x")
    with pytest.raises(ValueError, match="does not satisfy x < 0; give a point that does"):
        implication("t", [x > 0, x < 0], x == 7, example={x: 1})


def test_enclosure_wants_truth_and_tightness():
    quarter = flint.arb(1) / 4
    assert enclosure("t", quarter + flint.arb(0, 1e-17), quarter, 1e-15).holds
    assert enclosure("t", quarter + flint.arb(0, 1e-3), quarter, 1e-15).holds is False
    assert enclosure("t", quarter + flint.arb("1e-9"), quarter, 1e-15).holds is False


def test_positive_on_box_proves_fails_and_gives_up():
    def bowl(x, y):
        return (x - y) ** 2 + flint.arb("0.01")

    proved = positive_on_box("t", bowl, (UNIT, UNIT))
    assert proved.holds
    assert 0 < proved.slack <= 0.01
    assert positive_on_box("t", lambda x, y: bowl(x, y) - flint.arb("0.02"), (UNIT, UNIT)).holds is False
    assert positive_on_box("t", lambda x, y: (x - y) ** 2, (UNIT, UNIT), most=500).holds is None


def test_positive_on_box_treats_undefined_values_as_unproved():
    assert positive_on_box("t", lambda x: (x - 1).sqrt() + 1, (UNIT,), most=200).holds is None
