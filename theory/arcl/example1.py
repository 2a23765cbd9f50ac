"""Example 1: the alignment loss does not bound the gap between the risks of two augmented domains.

Source: lecture, "A Counter-Example", Example 1 of ArCL (Zhao et al., ICLR 2023, arXiv 2303.01092).

(X1, X2) ~ N(0, I), Y = 1(X1 >= 0), A_theta(x) = (x1, theta x2), theta ~ N(0, 1), f = x1 + (sqrt(eps)/2) x2, and D_c is
the law of (X1, c X2). On D_c the feature is X1 + k Z with Z ~ N(0, 1) and the slope k = |c| sqrt(eps)/2.
"""

import math
from dataclasses import dataclass
from typing import Any

import flint
import numpy as np
import sympy
import z3

from theory.elementary import atan, normal_tail, sqrt
from theory.falsification import Point, Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import enclosure, identity, implication, rational
from theory.setting import Array

LECTURE = "lecture, A Counter-Example, Example 1 and its proof"


def slope(c: Any, eps: Any) -> Any:
    """k = |c| sqrt(eps) / 2, the weight of the nuisance x2 in f on D_c. Lecture, proof of Example 1."""
    return abs(c) * sqrt(eps) / 2


def example_risk(c: Any, eps: Any) -> Any:
    """R(f; D_c) = arctan(k) / pi with the 0-1 loss, in [0, 1/2). Generalises the lecture's 1/8 + 1/8 at k = 1."""
    pi = sympy.pi if isinstance(c, sympy.Basic) or isinstance(eps, sympy.Basic) else math.pi
    return atan(slope(c, eps)) / pi


def shift_for_gap(gap: Any, eps: Any) -> Any:
    """c = (2/sqrt(eps)) tan(pi gap): the shift at which R(f; D_c) - R(f; D_0) = gap. The lecture's c' at gap = 1/4.

    gap: in [0, 1/2); floats, arrays or SymPy expressions.

    Raises ValueError for a number outside: no linear probe has a larger risk than 1/2, and 1/2 itself is reached only
    as c -> infinity.
    """
    if isinstance(gap, sympy.Basic):
        return 2 * sympy.tan(sympy.pi * gap) / sqrt(eps)
    if not np.all((np.asarray(gap) >= 0) & (np.asarray(gap) < 0.5)):
        raise ValueError(f"gap={gap}: a difference of risks lies in [0, 1/2); give a value there")
    return 2 * np.tan(math.pi * gap) / sqrt(eps)


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


def posterior(t: Any, k: Any) -> Any:
    """P[Y = 1 | f = t] on a domain of slope k: P[N(0,1) >= -t/(k sqrt(1 + k^2))]; strictly increasing in t. Derived.

    t: float, array or symbol; k: a positive float or symbol.

    Raises ValueError for k <= 0: at k = 0 the label is 1(t >= 0).
    """
    if not isinstance(k, sympy.Basic) and not k > 0:
        raise ValueError(f"k={k}: no slope, and at 0 the feature is X1 and the label 1(t >= 0); give k > 0")
    return normal_tail(-t / (k * sqrt(1 + k**2)))


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


def _density(x: Any, variance: Any = 1) -> Any:
    return sympy.exp(-(x**2) / (2 * variance)) / sympy.sqrt(2 * sympy.pi * variance)


def _risk_integral() -> Evidence:
    x, k = sympy.symbols("x k", positive=True)
    risk = sympy.integrate(2 * _density(x) * risk_given_x1(x, k), (x, 0, sympy.oo))
    c, eps = sympy.symbols("c epsilon", positive=True)
    return identity(
        "2 int phi(x) P[N >= x/k] dx = arctan(k)/pi for every slope k > 0",
        risk.subs(k, slope(c, eps)),
        example_risk(c, eps),
    )


def _posterior_integral() -> Evidence:
    x, k = sympy.symbols("x k", positive=True)
    t = sympy.symbols("t", real=True)
    joint = sympy.integrate(sympy.expand(_density(x) * _density(t - x, k**2)), (x, 0, sympy.oo))
    return identity(
        "int_0^oo phi(x) phi_k(t - x) dx / phi_{sqrt(1+k^2)}(t) = P[Y=1 | f=t] = P[N >= -t/(k sqrt(1+k^2))], t real, k > 0",
        joint / _density(t, 1 + k**2),
        posterior(t, k),
    )


def _posterior_increases() -> Evidence:
    k = sympy.symbols("k", positive=True)
    t = sympy.symbols("t", real=True)
    return identity(
        "d/dt P[Y=1 | f=t] = exp(-t^2/(2 k^2 (1+k^2)))/(k sqrt(2 pi (1+k^2))) > 0",
        sympy.diff(posterior(t, k), t),
        sympy.exp(-(t**2) / (2 * k**2 * (1 + k**2))) / (k * sympy.sqrt(2 * sympy.pi * (1 + k**2))),
    )


def _crossing() -> Evidence:
    return identity(
        "P[Y=1 | f=0] = 1/2, so by `increasing` P[Y=1 | f=t] > 1/2 iff t > 0, < 1/2 iff t < 0",
        posterior(sympy.Integer(0), sympy.symbols("k", positive=True)),
        sympy.Rational(1, 2),
    )


def _excess() -> Evidence:
    mass, eta, low = z3.Reals("mass eta low")
    return implication(
        "where P[Y=1 | f] = eta > 1/2 predicting 0 errs on more of the mass than predicting 1, and the mirror of it",
        [mass > 0, eta > rational("1/2"), low < rational("1/2")],
        z3.And(mass * eta > mass * (1 - eta), mass * (1 - low) > mass * low),
        example={mass: "1/2", eta: "3/4", low: "1/4"},
    )


def _differs() -> Evidence:
    h, b, t = z3.Reals("h b t")
    return implication(
        "1(h t + b >= 0) is not 1(t >= 0): for h > 0 != b at every t strictly between 0 and -b/h, for h <= 0 on t < 0 "
        "if b >= 0 and on t > 0 if b < 0; each is an interval of positive length",
        [
            z3.Or(
                z3.And(h > 0, b > 0, t < 0, h * t > -b),
                z3.And(h > 0, b < 0, t > 0, h * t < -b),
                z3.And(h <= 0, b >= 0, t < 0),
                z3.And(h <= 0, b < 0, t > 0),
            )
        ],
        (h * t + b >= 0) != (t >= 0),
        example={h: 1, b: 1, t: "-1/2"},
    )


def _gap() -> Evidence:
    eps = sympy.symbols("epsilon", positive=True)
    gap = example_risk(2 / sympy.sqrt(eps), eps) - example_risk(sympy.Integer(0), eps)
    return identity("R(f; D_c') - R(f; D_0) = 1/4 at c' = 2/sqrt(eps), for every eps > 0", gap, sympy.Rational(1, 4))


def _any_gap() -> Evidence:
    k, eps = sympy.symbols("k epsilon", positive=True)
    gap = sympy.atan(k) / sympy.pi  # every gap in (0, 1/2), by `more shift` and `limit`
    return identity(
        "c = (2/sqrt(eps)) tan(pi gap) makes R(f; D_c) - R(f; D_0) = gap, for every gap = arctan(k)/pi and eps > 0",
        example_risk(shift_for_gap(gap, eps), eps) - example_risk(sympy.Integer(0), eps),
        gap,
    )


def _more_shift() -> Evidence:
    c, eps = sympy.symbols("c epsilon", positive=True)
    return identity(
        "dR/d|c| = (sqrt(eps)/2)/(pi (1 + k^2)) > 0: R(f; D_c) strictly increases in |c|",
        sympy.diff(example_risk(c, eps), c),
        sqrt(eps) / 2 / (sympy.pi * (1 + slope(c, eps) ** 2)),
    )


def _limit() -> Evidence:
    c, eps = sympy.symbols("c epsilon", positive=True)
    return identity(
        "R(f; D_c) -> 1/2 as c -> oo",
        sympy.limit(example_risk(c, eps), c, sympy.oo),
        sympy.Rational(1, 2),
    )


def _alignment_moments() -> Evidence:
    eps = sympy.symbols("epsilon", positive=True)
    x, a, b = sympy.symbols("x a b", real=True)
    value = sympy.expand((slope(1, eps) * x * (a - b)) ** 2)
    for variable in (x, a, b):
        value = sympy.integrate(value * _density(variable), (variable, -sympy.oo, sympy.oo))
    return identity("L_align = eps/2, by Gaussian moments", value, example_alignment(eps))


def _below() -> Evidence:
    eps = z3.Real("eps")
    return implication("L_align < eps for every eps > 0", [eps > 0], example_alignment(eps) < eps, example={eps: 1})


def _rule(low: float, high: float) -> tuple[Array, Array]:
    """Nodes and weights of Gauss and Legendre on [low, high]."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    return (low + high) / 2 + (high - low) / 2 * nodes, (high - low) / 2 * weights


def _risk_ball(k: int) -> Evidence:
    eps = 0.1
    with flint.ctx.workprec(192):
        target = flint.arb(k).atan() / flint.arb.pi()
        return enclosure(
            f"Arb's integral of the risk at slope {k} encloses arctan({k})/pi = {float(target):.6f}",
            risk_enclosure(k * 2 / math.sqrt(eps), eps),
            target,
            1e-15,
        )


_X, _WEIGHTS = (
    np.concatenate(parts) for parts in zip(*(_rule(low, low + 1.5) for low in np.arange(-9, 9, 1.5)), strict=True)
)


@dataclass(frozen=True)
class Example:
    """eps > 0, a shift c, a gap in (0, 1/2), and a probe 1(h f + b >= 0)."""

    eps: float
    c: float
    gap: float
    h: float
    b: float


def _worlds(rng: Rng) -> Start:
    """Slopes between 0.1 and 10, where the quadrature is exact up to rounding; probes near the best one and far from it."""
    point = np.concatenate([rng.normal(size=3), [rng.normal(), rng.normal() * rng.choice([0.01, 1.0])]])

    def build(point: Point) -> Example:
        eps = math.exp(float(np.clip(3 * point[0], -30, 30)))
        gap = 0.04 + 0.42 / (1 + math.exp(-float(np.clip(point[1], -30, 30))))
        slope = 10.0 ** math.tanh(point[2])
        return Example(eps, 2 * slope / math.sqrt(eps), gap, float(point[3]), float(point[4]))

    return point, build


def measured_risk(eps: float, c: float, h: float, b: float) -> float:
    """R of 1(h f + b >= 0) on D_c, c > 0, by quadrature over X1 from the definition f = x1 + (sqrt(eps)/2) c x2."""
    weight = math.sqrt(eps) / 2 * c
    with np.errstate(divide="ignore"):
        positive = normal_tail(-(_X + np.divide(b, h)) / weight)  # P[f >= -b/h | X1]
    says_one = positive if h > 0 else 1 - positive if h < 0 else np.full_like(_X, b >= 0)
    density = np.exp(-(_X**2) / 2) / math.sqrt(2 * math.pi)
    return float((_WEIGHTS * density * np.where(_X >= 0, 1 - says_one, says_one)).sum())


def measured_alignment(eps: float) -> float:
    """L_align from the definition, by the rule of three nodes, exact for the law of X2 and both theta up to degree 5."""
    nodes, weights = np.array([-math.sqrt(3), 0.0, math.sqrt(3)]), np.array([1, 4, 1]) / 6
    x, first, second = np.meshgrid(nodes, nodes, nodes)
    moved = (math.sqrt(eps) / 2 * first * x - math.sqrt(eps) / 2 * second * x) ** 2
    return float(np.einsum("ijk,i,j,k->", moved, weights, weights, weights))


def _risks(world: Example) -> Reading:
    """L_align and two risks as said, that on D_0 being 0, and no probe below the best risk; `excess` makes it strictly so."""
    risk = float(example_risk(world.c, world.eps))
    shifted = measured_risk(world.eps, float(shift_for_gap(world.gap, world.eps)), 1.0, 0.0)
    return Reading(
        hypotheses={},
        left=[
            abs(measured_alignment(world.eps) / example_alignment(world.eps) - 1),
            measured_alignment(world.eps) / world.eps,
            abs(measured_risk(world.eps, world.c, 1.0, 0.0) - risk),
            abs(shifted - world.gap),
            risk,
        ],
        right=[0.0, 1.0, 0.0, 0.0, measured_risk(world.eps, world.c, world.h, world.b)],
    )


CLAIMS = (
    Claim(
        id="example-1",
        title="Alignment below eps, yet a risk gap of 1/4",
        source=LECTURE,
        statement=r"\forall\,const\in[0,\frac{1}{2})\ \forall\varepsilon>0:\ L_{align}(f;D)=\varepsilon/2<\varepsilon,\quad "
        r"R(f;D_c)=\frac{1}{\pi}\arctan\frac{|c|\sqrt{\varepsilon}}{2},\quad "
        r"R(f;D_c)-R(f;D_0)=const\ \mathrm{at}\ c=\frac{2}{\sqrt{\varepsilon}}\tan(\pi\,const),\quad "
        r"R(f;D_{2/\sqrt{\varepsilon}})-R(f;D_0)=\frac{1}{4};\quad "
        r"R(f;D_c)\ \mathrm{is\ attained\ by}\ 1(hf+b\geq 0)\ \mathrm{iff}\ h>0,\ b=0",
        expected=Verdict.PROVED,
        reduction="Conditioning on X1 = x, the classifier 1(h f >= 0), h > 0, errs with probability P[N >= |x|/k]; "
        "integrating gives the risk. It is the only best one: `posterior`, `increasing` and `crossing` put P[Y=1 | f=t] "
        "above 1/2 exactly for t > 0 (k = 0: it is 1(t >= 0)), and by `excess` any rule that differs from 1(t >= 0) on a "
        "set of positive mass errs strictly more. 1(h f + b >= 0) does on an interval unless h > 0 and b = 0 (`differs`), "
        "and f, which is normal, lies there with positive probability. Thus the "
        "risk as a function of the threshold falls strictly before 0 and rises strictly after, and a constant "
        "probe has 1/2. Quantifiers: `more shift` and `limit` make arctan(k)/pi run through all of (0, 1/2), so any const "
        "< 1/2, chosen before eps, is exceeded by `any gap` at a larger gap, and 1/2 cannot be: h = 0 already has risk "
        "1/2 on every domain. D_0 and D_c are augmented by theta = 0 and theta = c, both in the support of theta.",
        trusted=(
            "exp is positive",
            "a risk is the mean over X1 of the risk given X1",
            "a normal law gives every interval of positive length a positive mass",
        ),
        predicate=Predicate(worlds=_worlds, read=_risks),
        steps={
            "risk": _risk_integral,
            "posterior": _posterior_integral,
            "increasing": _posterior_increases,
            "crossing": _crossing,
            "excess": _excess,
            "differs": _differs,
            "gap": _gap,
            "any gap": _any_gap,
            "more shift": _more_shift,
            "limit": _limit,
            "alignment": _alignment_moments,
            "below eps": _below,
            "enclosure at slope 1": lambda: _risk_ball(1),
            "enclosure at slope 3": lambda: _risk_ball(3),
        },
    ),
)
