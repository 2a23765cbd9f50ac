"""Transferability: Example 1 (alignment does not bound the risk gap) and the augmentation-robust loss L_AR.

Source: lecture, "A Counter-Example" and "Augmentation-Robust Loss"; Zhao et al., ArCL, ICLR 2023 (arXiv 2303.01092).

Example 1: (X1, X2) ~ N(0, I), Y = 1(X1 >= 0), A_theta(x) = (x1, theta x2), theta ~ N(0, 1), f = x1 + (sqrt(eps)/2) x2,
and D_c is the law of (X1, c X2). On D_c the feature is X1 + k Z with Z ~ N(0, 1) and the slope k = |c| sqrt(eps)/2.
"""

import math
from typing import Any

import flint
import numpy as np
import sympy
import z3

from theory.elementary import atan, normal_tail, sqrt
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import enclosure, identity, implication

LECTURE = "lecture, A Counter-Example, Example 1 and its proof"


def slope(c: Any, eps: Any) -> Any:
    """k = |c| sqrt(eps) / 2, the weight of the nuisance x2 in f on D_c. Lecture, proof of Example 1."""
    return abs(c) * sqrt(eps) / 2


def example_risk(c: Any, eps: Any) -> Any:
    """R(f; D_c) = arctan(k) / pi with the 0-1 loss, in [0, 1/2). Generalises the lecture's 1/8 + 1/8 at k = 1."""
    pi = sympy.pi if isinstance(c, sympy.Basic) or isinstance(eps, sympy.Basic) else math.pi
    return atan(slope(c, eps)) / pi


def example_alignment(eps: Any) -> Any:
    """L_align(f; D) = eps / 2. Lecture, proof of Example 1 (1/2)."""
    return eps / 2


def risk_given_x1(x: Any, k: Any) -> Any:
    """P[sign(X1 + k Z) != sign(X1) | X1 = x] = P[N(0,1) >= |x|/k]; 0 where k == 0.

    x: float, array or symbol; k: a non-negative float or a positive symbol. At x = 0 with k > 0 it is 1/2.
    """
    if not isinstance(k, sympy.Basic) and k == 0:
        return np.zeros_like(np.asarray(x, dtype=float))
    return normal_tail(abs(x) / k)


def clipped_robust_loss(eps: Any, bound: Any) -> Any:
    """L_AR of Example 1 with theta clipped to [-B, B]: E sup (sqrt(eps)/2)^2 X2^2 (theta1 - theta2)^2 = eps B^2."""
    return eps * bound**2


def _typed(value: float) -> flint.arb:
    """The ball of all reals that round to about this double: what a person who typed a decimal may have meant."""
    exact = flint.arb(value)
    return exact + flint.arb(0, 1) * abs(exact) * flint.arb(2) ** -52


def risk_enclosure(c: float, eps: float, bits: int = 128) -> flint.arb:
    """A ball that contains R(f; D_c) = 2 int_0^oo phi(x) P[N(0,1) >= x/k] dx, integrated by Arb.

    The closed form is not used. c and eps stand for all reals that round to them; the integral is taken at the midpoint
    k0 and widened by |k - k0| sup |dR/dk|, where dR/dk = (1/pi) int_0^oo (x/k^2) exp(-x^2 (1 + 1/k^2)/2) dx
    = 1/(pi (1 + k^2)). For k <= 1 the substitution x = k z keeps the integrand smooth at any scale.
    """
    with flint.ctx.workprec(bits):
        k = abs(_typed(c)) * _typed(eps).sqrt() / 2
        k0 = k.mid()
        if k0 == 0:
            return flint.arb(0)
        phi0 = 1 / (2 * flint.arb.pi()).sqrt()
        half = flint.arb(1) / 2
        cut = (2 * flint.arb(2).log() * (bits + 10)).sqrt().mid()

        def integrand(z: flint.acb, _: bool) -> flint.acb:
            density, tail = (k0 * z, z) if k0 <= 1 else (z, z / k0)
            return phi0 * (-density * density / 2).exp() * (tail * half.sqrt()).erfc()

        body = flint.acb.integral(integrand, 0, cut).real
        if k0 <= 1:
            # 2 k int_R^oo phi(k z) tail(z) dz <= 2 k phi(0) int_R^oo tail(z) dz <= 2 k phi(0) phi(R)
            remainder = 2 * k0 * phi0 * phi0 * (-cut * cut / 2).exp()
            value = k0 * body + flint.arb(0).union(remainder)
        else:
            # 2 int_R^oo phi(x) tail(x/k) dx <= int_R^oo phi(x) dx
            value = body + flint.arb(0).union((cut * half.sqrt()).erfc() / 2)
        steepest = 1 / (flint.arb.pi() * (1 + k.lower() ** 2))
        return value + flint.arb(0, 1) * (k - k0).abs_upper() * steepest


def _risk_integral() -> Evidence:
    x, k = sympy.symbols("x k", positive=True)
    density = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    risk = sympy.integrate(2 * density * risk_given_x1(x, k), (x, 0, sympy.oo))
    c, eps = sympy.symbols("c epsilon", positive=True)
    return identity(
        "risk",
        "2 int phi(x) P[N >= x/k] dx = arctan(k)/pi for every slope k > 0",
        risk.subs(k, slope(c, eps)),
        example_risk(c, eps),
    )


def _posterior() -> Evidence:
    x, t, k = sympy.symbols("x t k", positive=True)
    joint = -(x**2) / 2 - (t - x) ** 2 / (2 * k**2)
    split = -(t**2) / (2 * (1 + k**2)) - (x - t / (1 + k**2)) ** 2 * (1 + k**2) / (2 * k**2)
    return identity(
        "threshold",
        "X1 given f = t is N(t/(1+k^2), k^2/(1+k^2)): P[Y=1 | f=t] > 1/2 iff t > 0, so h > 0, intercept 0 is best",
        joint,
        split,
    )


def _gap() -> Evidence:
    eps = sympy.symbols("epsilon", positive=True)
    gap = example_risk(2 / sympy.sqrt(eps), eps) - example_risk(sympy.Integer(0), eps)
    return identity(
        "gap", "R(f; D_c') - R(f; D_0) = 1/4 at c' = 2/sqrt(eps), for every eps > 0", gap, sympy.Rational(1, 4)
    )


def _alignment_moments() -> Evidence:
    eps, x, a, b = sympy.symbols("epsilon x a b", real=True)

    def expectation(expression: Any, variable: Any) -> Any:
        density = sympy.exp(-(variable**2) / 2) / sympy.sqrt(2 * sympy.pi)
        return sympy.integrate(expression * density, (variable, -sympy.oo, sympy.oo))

    difference = (slope(1, sympy.Symbol("e", positive=True)) * x * (a - b)) ** 2
    value = sympy.expand(difference).subs(sympy.Symbol("e", positive=True), eps)
    for variable in (x, a, b):
        value = expectation(value, variable)
    return identity("alignment", "L_align = eps/2 < eps, by Gaussian moments", value, example_alignment(eps))


def _risk_ball(k: int) -> Evidence:
    eps = 0.1
    with flint.ctx.workprec(192):
        target = flint.arb(k).atan() / flint.arb.pi()
        return enclosure(
            f"enclosure at slope {k}",
            f"Arb's integral of the risk at slope {k} encloses arctan({k})/pi = {float(target):.6f}",
            risk_enclosure(k * 2 / math.sqrt(eps), eps),
            target,
            1e-15,
        )


def _mean_below_max() -> Evidence:
    a, b, most, w = z3.Reals("a b most w")
    return implication(
        "mean below sup",
        "a <= M, b <= M, 0 <= w <= 1 imply w a + (1-w) b <= M: a mean over pairs of views is at most their sup",
        [a <= most, b <= most, w >= 0, w <= 1],
        w * a + (1 - w) * b <= most,
        example={a: 1, b: 0, most: 1, w: "1/2"},
    )


def _more_views() -> Evidence:
    a, b = z3.Reals("a b")
    return implication(
        "more views",
        "max(a, b) >= a: a further view adds pairs to the maximum, so L_AR,m is non-decreasing in m",
        [],
        z3.If(a >= b, a, b) >= a,
        example={a: 0, b: 1},
    )


def _clipped() -> Evidence:
    e, bound, x = sympy.symbols("epsilon B x", positive=True)
    density = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    widest = (slope(1, e) * x * (bound - (-bound))) ** 2
    value = sympy.integrate(widest * density, (x, -sympy.oo, sympy.oo))
    return identity("clipped", "theta in [-B, B]: L_AR = eps B^2 on Example 1", value, clipped_robust_loss(e, bound))


def _forced() -> Evidence:
    root, bound = z3.Reals("root B")
    return implication(
        "forced",
        "c' = 2/sqrt(eps) <= B forces L_AR >= 4: the robust loss sees what alignment misses",
        [root > 0, bound * root >= 2],
        clipped_robust_loss(root * root, bound) >= 4,
        example={root: 1, bound: 2},
    )


CLAIMS = (
    Claim(
        id="example-1",
        title="Alignment below eps, yet a risk gap of 1/4",
        source=LECTURE,
        statement=r"\forall\varepsilon>0:\ L_{align}(f;D)=\varepsilon/2<\varepsilon,\quad "
        r"R(f;D_c)=\frac{1}{\pi}\arctan\frac{|c|\sqrt{\varepsilon}}{2},\quad "
        r"R(f;D_{2/\sqrt{\varepsilon}})-R(f;D_0)=\frac{1}{4}",
        expected=Verdict.PROVED,
        steps=("risk", "threshold", "gap", "alignment", "enclosure at slope 1", "enclosure at slope 3"),
        reduction="Conditioning on X1 = x, the classifier 1(h f >= 0), h > 0, errs with probability P[N >= |x|/k]; "
        "integrating gives the risk. The step `threshold` shows that no other sign or intercept does better: "
        "P[Y=1 | f=t] is the upper tail of N(t/(1+k^2), .) at 0, above 1/2 exactly for t > 0, so 1(t >= 0) is the "
        "Bayes classifier on f.",
        checks=(
            _risk_integral,
            _posterior,
            _gap,
            _alignment_moments,
            lambda: _risk_ball(1),
            lambda: _risk_ball(3),
        ),
    ),
    Claim(
        id="l-ar",
        title="L_AR >= L_align, grows with m, sees Example 1",
        source="lecture, Augmentation-Robust Loss; ArCL, section 3",
        statement=r"L_{AR}(f)=E_X\sup_{A_1,A_2}\|f(A_1X)-f(A_2X)\|^2\geq L_{align}(f);\quad "
        r"\mathrm{Example\ 1,}\ \theta\in[-B,B]:\ L_{AR}=\varepsilon B^2\geq 4\ \mathrm{if}\ 2/\sqrt{\varepsilon}\leq B",
        expected=Verdict.PROVED,
        steps=("mean below sup", "more views", "clipped", "forced"),
        reduction="Per sample, L_align averages ||f(x1)-f(x2)||^2 over pairs of views and L_AR takes their sup; a mean "
        "of finitely many atoms is built from two-atom means (induction), a general one is their limit, and the "
        "expectation over X is monotone.",
        checks=(_mean_below_max, _more_views, _clipped, _forced),
    ),
)
