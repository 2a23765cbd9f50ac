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


def rim_point() -> Evidence:
    """The point of the cap that is nearest to mu_k, where it lies on the rim."""
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
    "(`Cauchy-Schwarz`), else the rim's point in the plane of the two means (`rim`: what u has outside that plane is one "
    "more coordinate, and only costs). By `nearer` a positive margin classifies all of the cap correctly, and lemma-3.1 "
    "(`union bound`) counts the rest."
)
