"""Theorem 1 by spherical caps: the cap form, and the exact form, which no argument from (alpha, s, mu) can beat.

Units of r. Both confine u = f(x0), for x0 in the main part and S_eps, to the cap {unit u: angle(u, mu_l) <= Phi}, and ask
that the whole cap lies nearer to mu_l than to mu_k. They differ in Phi:

- cap    cos Phi = (1 + w^2 - D^2) / (2 w), w = ||mu_l||, from ||u - mu_l|| <= D of the chord form;
- exact  all u that are compatible with mu_l = alpha v + (1 - alpha) b, v in the hull of {unit y: u.y >= cos theta},
         cos theta = 1 - s^2/2, ||b|| <= 1. That hull is {||v|| <= 1, u.v >= cos theta}; its support function at angle psi
         from u is 1 up to theta and cos(psi - theta) beyond, which falls in psi, so the distance of mu_l to
         alpha hull grows with the angle phi between u and mu_l and the compatible u form a cap. Its rim is where the
         distance is 1 - alpha: to the hull's edge, w^2 + alpha^2 - 2 w alpha cos(phi - theta) = (1 - alpha)^2, while
         w sin phi >= alpha sin theta, and else to its flat face, alpha cos theta - w cos phi = 1 - alpha.
"""

from typing import Any

import numpy as np
import sympy
import z3

from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array
from theory.theorem1.derived import main_part_ball, triangle, unit_chord
from theory.theorem1.forms import chord
from theory.theorem1.lemmas import AVERAGES, PAPER, cauchy_schwarz, union_bound
from theory.theorem1.search import draw


def _cosine(x: Any) -> Array:
    """x cut to [-1, 1]: beyond, every u (or none but the axis) is meant."""
    return np.asarray(np.clip(x, -1.0, 1.0))


def cap_angle(alpha: Any, s: Any, w: Any) -> Array:
    """Phi of the cap form, in [0, pi]; w = ||mu_l||, arrays broadcast. w = 0 allows every u unless D < 1."""
    square = 1 + w**2 - chord(alpha, s) ** 2
    return np.asarray(np.arccos(_cosine(square / np.maximum(2 * w, 1e-300))))


def exact_angle(alpha: Any, s: Any, w: Any) -> Array:
    """Phi of the exact form, in [0, pi]; w = ||mu_l||, arrays broadcast."""
    alpha, s, w = np.broadcast_arrays(np.asarray(alpha, float), np.asarray(s, float), np.asarray(w, float))
    theta = np.arccos(_cosine(1 - s**2 / 2))
    length = np.maximum(2 * w * alpha, 1e-300)
    edge_cosine = (w**2 + alpha**2 - (1 - alpha) ** 2) / length
    edge = theta + np.arccos(_cosine(edge_cosine))
    face = np.arccos(_cosine((alpha * np.cos(theta) - (1 - alpha)) / np.maximum(w, 1e-300)))
    at_edge = (edge_cosine >= -1) & (edge <= np.pi) & (w * np.sin(edge) >= alpha * np.sin(theta))
    return np.where(at_edge, edge, face)


def cap_margin(angle: Any, ll: Any, kk: Any, lk: Any) -> Array:
    """min over unit u with angle(u, mu_l) <= angle of u.(mu_l - mu_k), less (||mu_l||^2 - ||mu_k||^2)/2.

    Positive iff every such u is nearer to mu_l than to mu_k. ll, kk, lk: inner products of the means; arrays broadcast.
    In coordinates with mu_l = (w, 0, ...), g = mu_l - mu_k = (along, across): the minimum is -||g|| if -g lies in the cap,
    else along cos(angle) - across sin(angle), on its rim.
    """
    w = np.sqrt(np.maximum(ll, 1e-300))
    along = (ll - lk) / w
    size = np.sqrt(np.maximum(ll + kk - 2 * lk, 0.0))
    across = np.sqrt(np.maximum(size**2 - along**2, 0.0))
    opposite = np.arctan2(across, -along)  # angle between -g and mu_l
    least = np.where(opposite <= angle, -size, along * np.cos(angle) - across * np.sin(angle))
    return np.asarray(least - (ll - kk) / 2)


def _nearer() -> Evidence:
    uu, pp, qq, up, uq = sympy.symbols("uu pp qq up uq")
    return identity(
        "nearer",
        "||u - q||^2 - ||u - p||^2 = 2 (u.(p - q) - (||p||^2 - ||q||^2)/2): the sign of the margin decides",
        (uu - 2 * uq + qq) - (uu - 2 * up + pp),
        2 * ((up - uq) - (pp - qq) / 2),
    )


def _rim() -> Evidence:
    x, y, c, sine, g1, g2, rim, axis = z3.Reals("x y c sine g1 g2 rim axis")
    return implication(
        "rim",
        "-g = rim (c, -sine) - axis (1, 0): every unit (x, y), x >= c, has u.g >= c g1 - sine g2",
        [
            x >= c,
            x * c - y * sine <= 1,
            c * c + sine * sine == 1,
            rim >= 0,
            axis >= 0,
            g1 == axis - rim * c,
            g2 == rim * sine,
        ],
        x * g1 + y * g2 >= c * g1 - sine * g2,
        example={x: 1, y: 0, c: "3/5", sine: "4/5", g1: "2/5", g2: "4/5", rim: 1, axis: 1},
    )


def _cosine_of_distance() -> Evidence:
    up, w, D = z3.Reals("up w D")
    return implication(
        "cap",
        "||u - p|| <= D implies u.p >= (1 + ||p||^2 - D^2)/2",
        [D >= 0, 1 - 2 * up + w * w <= D * D],
        2 * up >= 1 + w * w - D * D,
        example={up: 1, w: 1, D: 0},
    )


def _support() -> Evidence:
    x, y, a, b, c, sine, rim, back = z3.Reals("x y a b c sine rim back")
    return implication(
        "support",
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
        "edge",
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


def _face() -> Evidence:
    uv, ub, alpha, c, up = z3.Reals("uv ub alpha c up")
    return implication(
        "face",
        "u.p = alpha u.v + (1 - alpha) u.b >= alpha c - (1 - alpha)",
        [alpha >= 0, alpha <= 1, uv >= c, ub >= -1, up == alpha * uv + (1 - alpha) * ub],
        up >= alpha * c - (1 - alpha),
        example={uv: 1, ub: 1, alpha: "1/2", c: 0, up: 1},
    )


def _searched(form: str) -> Evidence:
    n = 400_000
    found = draw(n, seed=0)
    w = np.sqrt(found.square)
    angle = (cap_angle if form == "cap" else exact_angle)(found.alpha, found.s, w)
    inside = angle - np.arccos(_cosine((1 + found.square - found.distance**2) / np.maximum(2 * w, 1e-300)))
    usual = (w > 0.2) & (found.s > 0.1) & (found.alpha < 0.95)
    least, nearest = float(inside[w > 1e-6].min()), float(inside[usual].min())
    return Evidence(
        kind="search",
        step="worst configuration",
        summary=f"u lies in its cap in {n} configurations; the nearest to the rim, ||mu_l|| > .2, s > .1, alpha < .95, is "
        f"{nearest:.2g} rad inside",
        holds=least > -1e-6,
        computed=f"least Phi - angle(u, mu_l) = {least:.3g} rad",
        slack=max(nearest, 0.0) if nearest > -1e-6 else nearest,
    )


_RIM = (
    "Nearest to mu_k is the point of the cap that minimises u.g, g = mu_l - mu_k: -g/||g|| if it lies in the cap "
    "(`Cauchy-Schwarz`), else the rim's point in the plane of the means (`rim`; a component of u outside the plane only "
    "shrinks y). By `nearer` a positive margin classifies all of the cap correctly, and lemma-3.1 (`union bound`) counts "
    "the rest."
)

CLAIMS = (
    Claim(
        id="thm-1-cap",
        title="Theorem 1 by a cap about the class mean",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"\min\{u^\top(\mu_l-\mu_k):\ 2u^\top\mu_l\geq 1+\|\mu_l\|^2-D^2\}>"
        r"\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        steps=("chord", "main part", "triangle", "cap", "Cauchy-Schwarz", "rim", "nearer", "union bound"),
        reduction="thm-1-chord gives ||u - mu_l|| <= D, which confines u to a cap (`cap`). " + _RIM,
        trusted=(AVERAGES,),
        checks=(
            lambda: unit_chord("sharp"),
            main_part_ball,
            triangle,
            _cosine_of_distance,
            cauchy_schwarz,
            _rim,
            _nearer,
            union_bound,
            lambda: _searched("cap"),
        ),
    ),
    Claim(
        id="thm-1-exact",
        title="Theorem 1 from all points compatible with mu",
        source="derived from " + PAPER + ", lemma 3.2",
        statement=r"\min\{u^\top(\mu_l-\mu_k):\ dist(\mu_l,\alpha\,hull\{y:u^\top y\geq 1-s^2/2\})\leq 1-\alpha\}"
        r">\frac{1}{2}(\|\mu_l\|^2-\|\mu_k\|^2)\ \forall k\ \Rightarrow\ Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        expected=Verdict.PROVED,
        steps=("chord", "support", "edge", "face", "Cauchy-Schwarz", "rim", "nearer", "union bound"),
        reduction="v averages unit vectors y with u.y >= cos theta (`chord`), so v lies in the ball with u.v >= cos theta. "
        "Let phi be the angle of u and p. `face`: w cos phi >= alpha cos theta - (1 - alpha). With e the hull's edge point "
        "on p's side, p - alpha e lies in the cone of e and -u iff phi >= theta and w sin phi >= alpha sin theta; there "
        "`support` and `edge` give cos(phi - theta) >= (w^2 + alpha^2 - (1-alpha)^2)/(2 w alpha). Let phi1 be the angle with "
        "equality, if w sin phi1 >= alpha sin theta. No compatible phi exceeds it: while w sin phi >= alpha sin theta by "
        "`edge`; beyond, w cos phi is below its value at w sin phi = alpha sin theta, where the distances to edge and face "
        "agree and exceed 1 - alpha, against `face`. Where phi1 does not exist `face` alone bounds phi. " + _RIM,
        trusted=(AVERAGES,),
        checks=(
            lambda: unit_chord("sharp"),
            _support,
            _edge,
            _face,
            cauchy_schwarz,
            _rim,
            _nearer,
            union_bound,
            lambda: _searched("exact"),
        ),
    ),
)
