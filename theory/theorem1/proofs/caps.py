"""Theorem 1 by spherical caps: the cap form, and the exact form.

Notation as in `derived`. Both confine u = f(x0), for x0 in the main part and S_eps, to the cap {unit u: angle(u, mu_l) <=
Phi} and ask that the whole cap lies nearer to mu_l than to mu_k; `forms.cap` and `forms.exact` say which Phi.
The exact form is the best that follows from every member of the main part lying within s of u. It is not the best that
(alpha, s, mu) allow: members lie within s of each other too, so ||v||^2 >= 1 - s^2/2, which on the hull's face can exclude
more. `attained` has finite worlds that attain it on the hull's edge, and on part of the face.
"""

import numpy as np
import sympy
import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.theorem1.forms.cap import cap_angle
from theory.theorem1.forms.exact import exact_angle
from theory.theorem1.proofs.attained import attained
from theory.theorem1.proofs.derived import ball, main_part_ball, monotone_chord, monotone_rho, split, unit_chord
from theory.theorem1.proofs.lemmas import AVERAGES, PAPER, mixing, union_bound
from theory.theorem1.proofs.search import draw


def _nearer() -> Evidence:
    uu, pp, qq, up, uq = sympy.symbols("uu pp qq up uq")
    return identity(
        "||u - q||^2 - ||u - p||^2 = 2 (u.(p - q) - (||p||^2 - ||q||^2)/2): the sign of the margin decides",
        (uu - 2 * uq + qq) - (uu - 2 * up + pp),
        2 * ((up - uq) - (pp - qq) / 2),
    )


def _rim() -> Evidence:
    x, y, rest, c, sine, g1, g2, rim, axis = z3.Reals("x y rest c sine g1 g2 rim axis")
    return implication(
        "p on the first axis, q in the plane, -g = -(g1, g2) = rim (c, -sine) - axis (1, 0) outside the cap: every unit "
        "u = (x, y, rest) with x >= c has u.g >= c g1 - sine g2, the value at (c, -sine, 0)",
        [
            x >= c,
            x * c - y * sine <= 1,
            rest >= 0,
            x * x + y * y + rest * rest == 1,
            c * c + sine * sine == 1,
            rim >= 0,
            axis >= 0,
            g1 == axis - rim * c,
            g2 == rim * sine,
        ],
        x * g1 + y * g2 >= c * g1 - sine * g2,
        example={x: 1, y: 0, rest: 0, c: "3/5", sine: "4/5", g1: "2/5", g2: "4/5", rim: 1, axis: 1},
    )


def _by_distance() -> Evidence:
    up, w, D = z3.Reals("up w D")
    return implication(
        "||u - p|| <= D implies u.p >= (1 + ||p||^2 - D^2)/2",
        [D >= 0, 1 - 2 * up + w * w <= D * D],
        2 * up >= 1 + w * w - D * D,
        example={up: 1, w: 1, D: 0},
    )


def _half_angles() -> Evidence:
    w, alpha, D = sympy.symbols("w alpha D")
    edge = 1 - (w**2 + alpha**2 - (1 - alpha) ** 2) / (2 * w * alpha)
    cap = 1 - (1 + w**2 - D**2) / (2 * w)
    z = sympy.symbols("z")
    return identity(
        "1 - cos, for edge and chord, as the products that are evaluated",
        edge + z * cap,
        (1 - w) * (1 + w - 2 * alpha) / (2 * w * alpha) + z * (D - (1 - w)) * (D + (1 - w)) / (2 * w),
    )


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


def _searched(form: str) -> Evidence:
    n = 400_000
    found = draw(n, seed=0)
    w = np.sqrt(found.square)
    phi = (cap_angle if form == "cap" else exact_angle)(found.alpha, found.s, w)
    usual = (w > 0.2) & (found.s > 0.1) & (found.alpha < 0.95)
    cosine = (1 + found.square - found.distance**2) / np.maximum(2 * w, 1e-300)
    inside = phi - np.arccos(np.clip(cosine, -1, 1))
    least, nearest = float(inside[w > 1e-6].min()), float(inside[usual].min())
    return Evidence(
        kind="search",
        summary=f"u lies in its cap in {n} configurations; the nearest to the rim, ||mu_l|| > .2, s > .1, alpha < .95, is "
        f"{nearest:.2g} rad inside",
        holds=least > -1e-6,
        computed=f"least Phi - angle(u, mu_l) = {least:.3g} rad",
        slack=max(nearest, 0.0) if nearest > -1e-6 else nearest,
    )


_RIM = (
    "Nearest to mu_k is the point of the cap that minimises u.g, g = mu_l - mu_k: -g/||g|| if it lies in the cap "
    "(`Cauchy-Schwarz`), else the rim's point in the plane of the two means (`rim`: what u has outside that plane is one "
    "more coordinate, and only costs). By `nearer` a positive margin classifies all of the cap correctly, and lemma-3.1 "
    "(`union bound`) counts the rest."
)

CLAIMS = (
    Claim(
        id="thm-1-cap",
        title="Theorem 1 by a cap about the class mean",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"\min\{u^\top(\mu_l-\mu_k):\ \|u\|=1,\ u^\top\mu_l\geq\max(1-\rho'',\frac{1}{2}(1+\|\mu_l\|^2-D^2))\}>"
        r"\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        reduction="thm-1-sharp gives u.mu_l >= 1 - rho'' (`chord`, `split`), thm-1-chord ||u - mu_l|| <= D (`main part`, "
        "`ball`), "
        "which confines u to a cap (`cap`). " + _RIM,
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord("sharp"),
            "split": lambda: split("sharp"),
            "main part": main_part_ball,
            "ball": ball,
            "cap": _by_distance,
            "half angles": _half_angles,
            "Cauchy-Schwarz": cauchy_schwarz,
            "rim": _rim,
            "nearer": _nearer,
            "monotone": monotone_rho,
            "monotone D": monotone_chord,
            "union bound": union_bound,
        },
        other={
            "worst configuration": lambda: _searched("cap"),
        },
    ),
    Claim(
        id="thm-1-exact",
        title="Theorem 1 from all points compatible with mu",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"\min\{u^\top(\mu_l-\mu_k):\ \|u\|=1,\ dist(\mu_l,\alpha\,hull\{y:\|y\|=1,\ u^\top y\geq "
        r"1-s^2/2\})\leq 1-\alpha\}"
        r">\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        reduction="v averages unit vectors y with u.y >= cos theta (`chord`), so v lies in the ball with u.v >= cos theta. "
        "Let phi be the angle of u and p, all in their plane: v's part outside it only shortens v. Face, by `split`: "
        "w cos phi >= alpha cos theta - (1 - alpha) = 1 - rho''. With e the hull's edge point on p's side, p - alpha e "
        "lies in "
        "the cone of e and -u iff phi >= theta and w sin phi >= alpha sin theta; there `support` and `edge` give "
        "cos(phi - theta) >= (w^2 + alpha^2 - (1 - alpha)^2)/(2 w alpha). Let Phi be the angle with equality, if w sin "
        "Phi >= "
        "alpha sin theta. A compatible phi > Phi cannot have w sin phi >= alpha sin theta by `edge`; with less it is obtuse "
        "and, by `farther round` and `beyond the edge`, against the face; so phi <= Phi. Where no such Phi exists the face "
        "alone bounds phi. "
        "A smaller alpha (`monotone`) or a larger s only adds compatible points. " + _RIM,
        trusted=(AVERAGES,),
        steps={
            "chord": lambda: unit_chord("sharp"),
            "split": lambda: split("sharp"),
            "support": _support,
            "edge": _edge,
            "farther round": _farther_round,
            "beyond the edge": _beyond_edge,
            "half angles": _half_angles,
            "Cauchy-Schwarz": cauchy_schwarz,
            "rim": _rim,
            "nearer": _nearer,
            "monotone": mixing,
            "union bound": union_bound,
        },
        other={
            "worst configuration": lambda: _searched("exact"),
            "attained": attained,
        },
    ),
)
