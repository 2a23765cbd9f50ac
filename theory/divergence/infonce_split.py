"""InfoNCE splits into alignment and a second part: L_InfoNCE = (L_align/2 - 1) + L_2. Formulas: `losses`."""

import sympy
import z3

from theory.divergence.logsum import log_sum
from theory.divergence.losses import LINEAR, LOSSES, info_nce, info_nce_term
from theory.factors import alignment
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import FiniteWorld
from theory.worlds import unit_worlds


def _logarithm() -> Evidence:
    s, t = sympy.symbols("s t", real=True)
    return identity(
        "-log(e^s/(e^s + e^t)) = -s + log(e^s + e^t)",
        info_nce_term(s, t),
        -s + log_sum(s, t),
    )


def unit_product() -> Evidence:
    """The inner product of unit vectors, by their distance."""
    x1, x2, y1, y2 = z3.Reals("x1 x2 y1 y2")
    return implication(
        "||x|| = ||y|| = 1 imply x.y = 1 - ||x - y||^2/2, in the plane of x and y",
        [x1 * x1 + x2 * x2 == 1, y1 * y1 + y2 * y2 == 1],
        x1 * y1 + x2 * y2 == 1 - ((x1 - y1) ** 2 + (x2 - y2) ** 2) / 2,
        example={x1: 1, x2: 0, y1: "3/5", y2: "4/5"},
    )


def _reading(world: FiniteWorld) -> Reading:
    """The loss from its definition, term by term, beside its two parts."""
    f, views = world.features, world.features.reshape(-1, world.features.shape[2])
    positives, negatives = f @ f.transpose(0, 2, 1), f @ views.T  # (n, m, m), (n, m, n m)
    loss = info_nce_term(positives[..., None], negatives[:, :, None]).mean()
    parts = (alignment(world) / 2 - 1) + info_nce(world).regulariser
    return Reading(hypotheses={}, left=abs(loss - parts), right=0.0)


CLAIMS = (
    Claim(
        id="nce-split",
        title="InfoNCE = (L_align/2 - 1) + L_2",
        source=LOSSES,
        statement=r"\|f\|=1:\ L_{InfoNCE}=(\frac{1}{2}L_{align}-1)+"
        r"E\,\log(e^{f(x_1)^\top f(x_2)}+e^{f(x_1)^\top f(x^-)})",
        predicate=Predicate(worlds=unit_worlds, read=_reading),
        expected=Verdict.PROVED,
        reduction="Term by term: `logarithm`, then f(x1).f(x2) = 1 - ||f(x1) - f(x2)||^2/2 (`unit vectors`); then the mean.",
        trusted=(LINEAR,),
        steps={
            "logarithm": _logarithm,
            "unit vectors": unit_product,
        },
    ),
)
