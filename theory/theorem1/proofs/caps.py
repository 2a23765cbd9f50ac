"""What the cap form and the exact form share: when a spherical cap about mu_l lies nearer to mu_l than to mu_k.

Notation as in `steps`. Both confine u to the cap {unit u: angle(u, mu_l) <= Phi} and ask that the whole cap lies nearer to
mu_l than to mu_k; `forms.cap` and `forms.exact` say which Phi.
"""

import sympy
import z3

from theory.ledger import Evidence
from theory.prove import identity, implication


def nearer() -> Evidence:
    """The sign of the margin decides which mean is nearer."""
    uu, pp, qq, up, uq = sympy.symbols("uu pp qq up uq")
    return identity(
        "||u - q||^2 - ||u - p||^2 = 2 (u.(p - q) - (||p||^2 - ||q||^2)/2): the sign of the margin decides",
        (uu - 2 * uq + qq) - (uu - 2 * up + pp),
        2 * ((up - uq) - (pp - qq) / 2),
    )


def rim_margin() -> Evidence:
    """How far u.g lies above its value at a point of the rim."""
    x, y, c, sine, g1, g2, rim, axis = z3.Reals("x y c sine g1 g2 rim axis")
    return implication(
        "p on the first axis, q in the plane, -g = -(g1, g2) = rim (c, -sine) - axis (1, 0) outside the cap: u = (x, y, "
        "rest) has u.g - (c g1 - sine g2) = axis (x - c) + rim (1 - (x c - y sine)), 0 at (c, -sine, 0)",
        [c * c + sine * sine == 1, g1 == axis - rim * c, g2 == rim * sine],
        x * g1 + y * g2 - (c * g1 - sine * g2) == axis * (x - c) + rim * (1 - (x * c - y * sine)),
        example={x: 1, y: 0, c: "3/5", sine: "4/5", g1: "2/5", g2: "4/5", rim: 1, axis: 1},
    )


def rim_point() -> Evidence:
    """The point of the cap that is nearest to mu_k, where it lies on the rim."""
    x, c, product, rim, axis = z3.Reals("x c product rim axis")
    return implication(
        "which is nonnegative for every unit u with x >= c: its product with (c, -sine, 0) is at most 1",
        [x >= c, product <= 1, rim >= 0, axis >= 0],
        axis * (x - c) + rim * (1 - product) >= 0,
        example={x: 1, c: "3/5", product: "3/5", rim: 1, axis: 1},
    )


def half_angles() -> Evidence:
    """What the formulas evaluate in place of cosines."""
    w, alpha, D = sympy.symbols("w alpha D")
    edge = 1 - (w**2 + alpha**2 - (1 - alpha) ** 2) / (2 * w * alpha)
    cap = 1 - (1 + w**2 - D**2) / (2 * w)
    z = sympy.symbols("z")
    return identity(
        "1 - cos, for edge and chord, as the products that are evaluated",
        edge + z * cap,
        (1 - w) * (1 + w - 2 * alpha) / (2 * w * alpha) + z * (D - (1 - w)) * (D + (1 - w)) / (2 * w),
    )


BY_RIM = (
    "Nearest to mu_k is the point of the cap that minimises u.g, g = mu_l - mu_k: -g/||g|| if it lies in the cap "
    "(`Cauchy-Schwarz`), else the rim's point in the plane of the two means (`rim margin`, `rim`: what u has outside "
    "that plane does not enter). By `nearer` a positive margin classifies all of the cap correctly, and lemma-3.1 "
    "(`union bound`) counts the rest."
)
