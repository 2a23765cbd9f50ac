"""Theorem 1 from all points compatible with the class mean: the exact form.

Notation as in `steps`; see `caps`. The exact form is the best that follows from every member of the main part lying within s
of u. It is not the best that (alpha, s, mu) allow: members lie within s of each other too, so ||v||^2 >= 1 - s^2/2, which on
the hull's face can exclude more. `attained` has finite worlds that attain it on the hull's edge, and on part of the face.
"""

import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, implication
from theory.theorem1.forms import FORMS
from theory.theorem1.proofs.attained import attained
from theory.theorem1.proofs.caps import BY_RIM, half_angles, nearer, rim_margin, rim_point
from theory.theorem1.proofs.predicates import theorem_1
from theory.theorem1.proofs.steps import ALPHA, AVERAGES, CONCLUSION, PAPER, mixing, union_bound
from theory.theorem1.proofs.thresholds import split, unit_chord


def _support() -> Evidence:
    x, y, a, b, c, sine, rim, back = z3.Reals("x y a b c sine rim back")
    return implication(
        "v in the ball with u.v >= c has v.y <= e.y for y = rim e - back u, e = (c, sine) on the edge of the hull",
        [
            x >= c,
            x * c + y * sine <= 1,
            c * c + sine * sine == 1,
            rim >= 0,
            back >= 0,
            a == rim * c - back,
            b == rim * sine,
        ],
        x * a + y * b <= c * a + sine * b,
        example={x: 1, y: 0, c: "3/5", sine: "4/5", a: "-2/5", b: "4/5", rim: 1, back: 1},
    )


def _edge() -> Evidence:
    w2, alpha, ep, distance = z3.Reals("w2 alpha ep distance")
    return implication(
        "(p - alpha e).y <= 1 - alpha along y = (p - alpha e)/||p - alpha e|| bounds w^2 + alpha^2 - 2 alpha e.p",
        [
            alpha >= 0,
            alpha <= 1,
            distance >= 0,
            distance * distance == w2 + alpha**2 - 2 * alpha * ep,
            distance <= 1 - alpha,
        ],
        2 * alpha * ep >= w2 + alpha**2 - (1 - alpha) ** 2,
        example={w2: 1, alpha: "1/2", ep: 1, distance: "1/2"},
    )


def _farther_round() -> Evidence:
    x1, y1, a, h, xp = z3.Reals("x1 y1 a h xp")
    return implication(
        "alpha e = (a, h), h > 0; on one circle (x1, y1), y1 >= h, not before e, and (xp, h), xp <= 0: the second is no "
        "nearer to alpha e, and left of it",
        [h > 0, y1 >= h, a * y1 - h * x1 >= 0, xp <= 0, xp * xp + h * h == x1 * x1 + y1 * y1],
        z3.And(a * xp + h * h <= a * x1 + h * y1, a >= xp),
        example={a: 1, h: 1, x1: 0, y1: 1, xp: 0},
    )


def _beyond_edge() -> Evidence:
    t, w2, a2, first, second, gap, a, h, x, y, xp = z3.Reals("t w2 a2 first second gap a h x y xp")
    return implication(
        "so if (x1, y1) is 1 - alpha =: t from alpha e, a point (x, y) of the circle with x < 0 <= y < h is farther than t "
        "from the face",
        [
            t >= 0,
            t * t == w2 + a2 - 2 * first,
            gap >= 0,
            gap == a - xp,
            gap * gap == w2 + a2 - 2 * second,
            second <= first,
            xp <= 0,
            x < 0,
            y >= 0,
            y < h,
            x * x + y * y == xp * xp + h * h,
        ],
        a - x > t,
        example={t: 1, w2: 1, a2: 1, first: "1/2", second: "1/2", gap: 1, a: 1, h: 1, xp: 0, x: -1, y: 0},
    )


CLAIMS = (
    Claim(
        id="thm-1-exact",
        title="Theorem 1 from all points compatible with mu",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"r=1:\ \min\{u^\top(\mu_l-\mu_k):\ \|u\|=1,\ dist(\mu_l,\alpha\,hull\{y:\|y\|=1,\ u^\top y\geq "
        r"1-s^2/2\})\leq 1-\alpha\}"
        r">\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k" + CONCLUSION + ALPHA,
        predicate=theorem_1(FORMS["exact"]),
        expected=Verdict.PROVED,
        reduction="v averages unit vectors y with u.y >= cos theta (`chord`), so v lies in the ball with u.v >= cos "
        "theta. Let phi be the angle of u and p, all in their plane: v's part outside it only shortens v. Face, by "
        "`split`: w cos phi >= alpha cos theta - (1 - alpha) = 1 - rho''. With e the hull's edge point on p's side, p "
        "- alpha e lies in the cone of e and -u iff phi >= theta and w sin phi >= alpha sin theta; there `support` and "
        "`edge` give cos(phi - theta) >= (w^2 + alpha^2 - (1 - alpha)^2)/(2 w alpha). Let Phi be the angle with "
        "equality, if w sin Phi >= alpha sin theta. A compatible phi > Phi cannot have w sin phi >= alpha sin theta by "
        "`edge`; with less it is obtuse and, by `farther round` and `beyond the edge`, against the face; so phi <= "
        "Phi. Where no such Phi exists the face alone bounds phi. A smaller alpha (`monotone`) or a larger s only adds "
        "compatible points. " + BY_RIM,
        trusted=(AVERAGES,),
        unchecked={
            "the case split on the angle of u and p, which joins `support`, `edge`, `farther round` and `beyond the edge`": (
                "compatible_angle"
            )
        },
        steps={
            "chord": lambda: unit_chord("sharp"),
            "split": lambda: split("sharp"),
            "support": _support,
            "edge": _edge,
            "farther round": _farther_round,
            "beyond the edge": _beyond_edge,
            "half angles": half_angles,
            "Cauchy-Schwarz": cauchy_schwarz,
            "rim margin": rim_margin,
            "rim": rim_point,
            "nearer": nearer,
            "monotone": mixing,
            "union bound": union_bound,
        },
        other={
            "attained": attained,
        },
    ),
)
