"""From InfoNCE to the error by Theorems 3, 1 and 2: the condition of this chain is never met. Formulas: `infonce`."""

import numpy as np
import z3

from theory.divergence.families import TIGHT, InfoNceWorld, MainPartWorld, with_main_parts
from theory.divergence.logsum import EXPONENTIAL
from theory.divergence.losses import LINEAR
from theory.divergence.theorem3 import THEOREM_3, VACUITY_STEPS, VACUOUS, printed_bounds
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import implication
from theory.theorem1.forms.form import threshold
from theory.worlds import unit_worlds


def _threshold() -> Evidence:
    rho, root, shortfall = z3.Reals("rho root shortfall")
    return implication(
        "1 - rho - sqrt(2 rho) - Delta_mu/2 <= 1",
        [rho >= 0, root >= 0, root * root == 2 * rho, shortfall >= 0],
        threshold(rho, root) - shortfall / 2 <= 1,
        example={rho: 0, root: 0, shortfall: 0},
    )


def _worlds(rng: Rng) -> Start:
    return with_main_parts(rng, unit_worlds(rng, TIGHT))


def _reading(drawn: MainPartWorld) -> Reading:
    """The threshold, 1 at most, is below the right side of Theorem 3 for all k != l; tau is the free number."""
    right = printed_bounds(InfoNceWorld(drawn.world, drawn.number, drawn.eps))
    return Reading(hypotheses={}, left=np.full_like(right, drawn.threshold), right=right, trivial=1.0)


CLAIMS = (
    Claim(
        id="thm-3-chain",
        title="Err by InfoNCE: the condition is never met",
        source="Huang et al., ICLR 2023, section 4; derived from " + THEOREM_3,
        statement=r"\log(\exp\{\frac{L_2+\tau}{p_kp_l}\}-\exp(1-\varepsilon))>1\geq 1-\rho_{max}-\sqrt{2\rho_{max}}-"
        r"\frac{\Delta_\mu}{2}:\ \mathrm{the\ condition\ of}\ Err\leq(1-\sigma)+\eta(\varepsilon)\sqrt{2+2L_1}"
        r"\ \mathrm{is\ never\ met}",
        predicate=Predicate(worlds=_worlds, read=_reading),
        expected=Verdict.PROVED,
        reduction="The paper concludes Err <= (1 - sigma) + eta(eps) sqrt(2 + 2 L_1), where 2 + 2 L_1 = L_align, if the "
        "right side of Theorem 3 is below the threshold of Theorem 1. "
        + VACUOUS
        + "whereas the threshold is at most 1 (`threshold`). The sharp "
        "forms can take the place of Theorem 3.",
        trusted=(EXPONENTIAL, LINEAR),
        steps={**VACUITY_STEPS, "threshold": _threshold},
    ),
)
