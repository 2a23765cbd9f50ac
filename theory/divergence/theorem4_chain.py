"""From cross-correlation to the error by Theorems 4, 1 and 2: centred features never meet the condition of this chain.

Formulas and notation: `crosscorrelation`, `theorem4_centred`. r^2 = ||f||^2 = d, Delta_mu = 1 - min_l ||mu_l||^2/r^2.
"""

import numpy as np
import z3

from theory.averages import variance
from theory.divergence.crosscorrelation import correlations, printed_square, scatter_limit
from theory.divergence.duality import ANY_SIZE
from theory.divergence.families import (
    MainPartWorld,
    off_diagonal,
    symmetric_worlds,
    with_main_parts,
)
from theory.divergence.losses import LINEAR
from theory.divergence.theorem4 import GAP_STEPS, main_part_scatter
from theory.divergence.theorem4_centred import rarest, two_halves
from theory.divergence.theorem4_steps import CENTRED, TAU, THEOREM_4, centred
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, implication
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed


def _shortfall() -> Evidence:
    sigma, q, s, alpha = z3.Reals("sigma q s alpha")
    rho = rho_printed(sigma, q, 1, s)
    return implication(
        "alpha = max(0, sigma - q), q = R/p, and rho <= 1: s <= 2 and s^2 alpha^2/2 + 2 (1 - alpha^2) <= 4 rho",
        [sigma >= 0, sigma <= 1, q >= 0, s >= 0, alpha == z3.If(sigma >= q, sigma - q, 0), rho <= 1],
        z3.And(s <= 2, scatter_limit(alpha, s) <= 4 * rho),
        example={sigma: 1, q: 0, s: "1/2", alpha: 1},
    )


def _trace() -> Evidence:
    trace, y2, z2, K, t, v2 = z3.Reals("trace y2 z2 K t v2")
    return implication(
        "Y = -v v^T + Z with Z v = 0: ||Y||^2 = 1 + ||Z||^2, tr Y = tr Z - 1, and tr Z = <Z, I - v v^T> is at most ||Z|| "
        "times the norm of I - v v^T, whose square is K - 2 ||v||^2 + ||v||^4",
        [K >= 2, v2 == 1, y2 == 1 + z2, trace == t - 1, t * t <= (K - 2 * v2 + v2 * v2) * z2],
        (K - 1) * (y2 - 1) >= (trace + 1) * (trace + 1),
        example={K: 2, v2: 1, z2: 0, t: 0, trace: -1, y2: 1},
    )


def _never() -> Evidence:
    K, d, shortfall, rho, root, bound, y2, trace = z3.Reals("K d shortfall rho root bound y2 trace")
    return implication(
        "bound^2 >= K^2 ||Y||^2 for the rarest pair, tr Y >= d (1 - Delta_mu) - K and Delta_mu <= 4 rho: "
        "bound >= d (1 - rho - sqrt(2 rho) - Delta_mu/2)",
        [
            K >= 2,
            d > 0,
            rho >= 0,
            root >= 0,
            root * root == 2 * rho,
            shortfall >= 0,
            shortfall <= 4 * rho,
            bound >= 0,
            bound * bound >= K * K * y2,
            y2 >= 1,
            (K - 1) * (y2 - 1) >= (trace + 1) * (trace + 1),
            trace >= d * (1 - shortfall) - K,
        ],
        bound >= d * (threshold(rho, root) - shortfall / 2),
        example={K: 2, d: 1, rho: 0, root: 0, shortfall: 0, bound: 2, y2: 1, trace: -1},
    )


def _bound() -> Evidence:
    p, q, K, L_2, tau, excess, y2 = z3.Reals("p q K L_2 tau excess y2")
    return implication(
        "L_2 + tau' >= (||Y||^2 + d - K)/2 and p_k p_l <= 1/K^2: the square of the right side is at least K^2 ||Y||^2",
        [p > 0, q > 0, K >= 2, p * q * K * K <= 1, y2 >= 0, 2 * (L_2 + tau) >= y2 + excess],
        printed_square(L_2, tau, p * q, excess) >= K * K * y2,
        example={p: "1/2", q: "1/2", K: 2, L_2: 1, tau: 0, excess: 0, y2: 1},
    )


def _worlds(rng: Rng) -> Start:
    return with_main_parts(rng, symmetric_worlds(rng))


def _reading(drawn: MainPartWorld) -> Reading:
    """The threshold, d at most, is below the largest right side of Theorem 4 at tau' = ||S||_F^2 and the free number more."""
    moments = correlations(drawn.world.features, drawn.world.labels)
    d, tau = len(moments.total), moments.scatter + drawn.number
    square = printed_square(moments.loss, tau, off_diagonal(moments.share), moments.excess)
    return Reading(hypotheses={}, left=d * drawn.threshold, right=np.sqrt(square.max()), trivial=d)


CLAIMS = (
    Claim(
        id="thm-4-chain",
        title="Err by cross-correlation: never met if centred",
        source="Huang et al., ICLR 2023, section 4.2; derived from " + THEOREM_4,
        statement=r"\|f\|^2=d,\ E f=0:\ \max_{k\neq l}\sqrt{\frac{2}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})}\geq d(1-\rho_{max}-"
        r"\sqrt{2\rho_{max}}-\frac{\Delta_\mu}{2}):\ \mathrm{the\ condition\ of}\ Err\leq(1-\sigma)+\sqrt{2}\eta(\varepsilon)"
        r"d^{1/4}L_1^{1/4}\ \mathrm{is\ never\ met}" + TAU,
        predicate=Predicate(worlds=_worlds, read=_reading),
        expected=Verdict.PROVED,
        reduction="The paper concludes Err <= (1 - sigma) + sqrt(2) eta(eps) d^{1/4} L_1^{1/4} (Theorem 2 and lemma 4.1) if "
        "the right side of Theorem 4 is below the threshold of Theorem 1, for all k != l. As in thm-4-floor, L_2 + tau' >= "
        "||X||^2/2 = (||Y||^2 + d - K)/2 (`two halves`, `gap`), and for the two rarest classes p_k p_l <= 1/K^2 (`rarest`): "
        "`bound`. "
        + CENTRED
        + "Hence `trace`, by `Cauchy-Schwarz`. tr Y = sum_l p_l ||mu_l||^2 - K >= d (1 - Delta_mu) - K. 1 - "
        "||mu_l||^2/r^2 is half the mean squared distance of two independent draws of the class (`variance`), at most what "
        "`main part` says, and if rho > 1 the threshold is negative: `shortfall`. `never` is the rest. Without E f = 0 the "
        "condition can be met: K one-hot classes at norm sqrt(K) have C = I, S = 0, and the right side 0.",
        trusted=(LINEAR,),
        unchecked={ANY_SIZE: "theorem_4_chain_never_met"},
        steps={
            **GAP_STEPS,
            "two halves": two_halves,
            "rarest": rarest,
            "bound": _bound,
            "centred": centred,
            "Cauchy-Schwarz": cauchy_schwarz,
            "trace": _trace,
            "variance": variance,
            "main part": main_part_scatter,
            "shortfall": _shortfall,
            "never": _never,
        },
    ),
)
