"""Thin helpers over SymPy (identities), Z3 and cvc5 (inequalities over the reals) and Arb (enclosures), giving Evidence.

A proof that cannot fail proves nothing, so each helper checks its own premise too: an implication shows a point where
its assumptions hold, an enclosure states the radius it had to reach.
"""

import heapq
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint
import sympy
import z3

from theory.ledger import Evidence
from theory.second_solver import second_answer

SECOND_S = 10
"""CPU time that cvc5 gets for a query, in seconds."""

Number = int | str | Fraction


def identity(summary: str, left: Any, right: Any) -> Evidence:
    """left == right as SymPy expressions, decided by simplifying the difference to 0."""
    residue = sympy.simplify(sympy.expand(left - right))
    return Evidence(
        kind="symbolic",
        summary=summary,
        holds=residue == 0,
        claimed=str(right),
        computed=f"residue {residue}",
    )


def rational(value: Number) -> Any:
    """An exact Z3 real from an int, a Fraction or a string such as "2/9"."""
    return z3.RealVal(str(value))


def implication(
    summary: str,
    assumptions: Sequence[Any],
    conclusion: Any,
    *,
    example: Mapping[Any, Number],
    timeout_s: float = 30.0,
) -> Evidence:
    """assumptions => conclusion over the reals: Z3 and cvc5 are asked whether the negation is satisfiable.

    One of them suffices for an answer, and `solvers` names those that found it unsatisfiable; there is no answer where
    neither knows one, or where one contradicts the other. timeout_s is Z3's; cvc5 has `SECOND_S`.

    `example` maps every variable to a rational at which the assumptions hold, so that the implication is not vacuous;
    ValueError when they do not hold there.
    """
    point = [(variable, rational(value)) for variable, value in example.items()]
    for assumption in assumptions:
        if not z3.is_true(z3.simplify(z3.substitute(assumption, *point))):
            raise ValueError(f"example={dict(example)}: does not satisfy {assumption}; give a point that does")
    solver = z3.Solver()
    solver.set("timeout", int(1000 * timeout_s))
    solver.set("ctrl_c", False)  # Z3 would catch Ctrl-C, and lose it where it has its answer already
    solver.add(*assumptions)
    solver.add(z3.Not(conclusion))
    first = solver.check()
    answers = {"Z3": str(first), "cvc5": second_answer(_query(solver), SECOND_S)}
    solvers = tuple(name for name, answer in answers.items() if answer == "unsat")
    models = [name for name, answer in answers.items() if answer == "sat"]
    said = ", ".join(f"{answer} ({name})" for name, answer in answers.items())
    return Evidence(
        kind="smt",
        summary=summary,
        holds=None if bool(solvers) == bool(models) else bool(solvers),
        claimed=str(conclusion),
        computed=f"negation {said}"
        + ("; the solvers contradict each other" if solvers and models else "")
        + (f"; counter-model {solver.model()}" if first == z3.sat else ""),
        solvers=solvers,
    )


def _query(solver: z3.Solver) -> str:
    """The solver's assertions in SMT-LIB, with the names of Z3's abbreviations counted from 0.

    They count every expression that Z3 ever saw; the same query would not have the same text.
    """
    numbers = dict[str, int]()
    return re.sub(r"([?$]x)\d+", lambda name: f"{name[1]}{numbers.setdefault(name[0], len(numbers))}", solver.to_smt2())


def enclosure(summary: str, ball: flint.arb, target: flint.arb, radius: float) -> Evidence:
    """`ball` contains `target` (an exact or much tighter ball) and its radius is below `radius`."""
    holds = bool(ball.contains(target)) and bool(ball.rad() < flint.arb(radius))
    low, high = float(ball.lower()), float(ball.upper())
    return Evidence(
        kind="enclosure",
        summary=summary,
        holds=holds,
        claimed=f"{target.str(17, radius=False)} within {radius:g}",
        computed=ball.str(20),
        interval=(low, high),
    )


Box = tuple[tuple[Fraction, Fraction], ...]


def _halves(box: Box) -> tuple[Box, Box]:
    axis = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
    low, high = box[axis]
    middle = (low + high) / 2
    return (*box[:axis], (low, middle), *box[axis + 1 :]), (*box[:axis], (middle, high), *box[axis + 1 :])


def _ball(low: Fraction, high: Fraction) -> flint.arb:
    ends = [flint.arb(flint.fmpq(x.numerator, x.denominator)) for x in (low, high)]
    return ends[0].union(ends[1])


def positive_on_box(summary: str, function: Callable[..., flint.arb], box: Box, *, most: int = 200_000) -> Evidence:
    """function > 0 on the whole box: branch and bound in ball arithmetic, halving the longest side.

    Proved when the enclosure of the function is positive on every box of a cover; `slack` is the least of these lower
    bounds. Fails where the function is negative at a box's centre; gives up (None) after `most` boxes.
    """
    counter = itertools.count()
    heap: list[tuple[float, int, Box]] = []

    def push(piece: Box) -> None:
        value = function(*(_ball(low, high) for low, high in piece))
        lower = float(value.lower()) if value.is_finite() else float("-inf")
        heapq.heappush(heap, (lower, next(counter), piece))

    push(box)
    while heap[0][0] <= 0.0 and len(heap) < most:
        _, _, worst = heapq.heappop(heap)
        centre = [_ball((low + high) / 2, (low + high) / 2) for low, high in worst]
        if function(*centre) < 0:
            point = ", ".join(f"{float(low + high) / 2:.6g}" for low, high in worst)
            return Evidence(kind="enclosure", summary=summary, holds=False, computed=f"negative at ({point})")
        for half in _halves(worst):
            push(half)
    least = heap[0][0]
    return Evidence(
        kind="enclosure",
        summary=summary,
        holds=True if least > 0.0 else None,
        claimed="> 0 on the box",
        computed=f"lower bound {least:.4g} over a cover of {len(heap)} boxes",
        slack=least if least > 0.0 else None,
    )


def cauchy_schwarz() -> Evidence:
    """In coordinates of the plane that two vectors span."""
    a, b, c, d = z3.Reals("a b c d")
    return implication(
        "(x.y)^2 <= ||x||^2 ||y||^2 in the plane of x and y",
        [],
        (a * c + b * d) ** 2 <= (a * a + b * b) * (c * c + d * d),
        example={a: 1, b: 0, c: 0, d: 1},
    )
