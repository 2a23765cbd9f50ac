"""Theorem 1 with R_eps := P[S_eps], as one sentence of section 2 prints it, for the probability of the complement: false."""

from fractions import Fraction

import numpy as np

from theory.factors import class_shares, divergence, mean_shortfall, misaligned_share, nearest_mean_error
from theory.falsification import Predicate
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import FiniteWorld
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.choice import Choice
from theory.theorem1.proofs.predicates import rho_max
from theory.theorem1.proofs.steps import CONCLUSION
from theory.theorem1.proofs.worlds import choices
from theory.worlds import in_floats, with_pinned


def aligned_share_world() -> FiniteWorld:
    """The witness: two classes of one sample with four views, features +-1; the feature of view 0 is u, those of
    the rest -u, with u = 1 in class 0 and -1 in class 1. A view is its feature and its class, so that none is shared. Exact.

    No sample lies in S_0, so P[S_0] = 0; both classes have sigma = 1 and delta = 0. The means are -u/2 and u/2.
    """
    one = Fraction(1)
    features = np.array([[one, -one, -one, -one], [-one, one, one, one]], dtype=object)[:, :, None]
    classes = np.repeat([[one - 1], [one]], 4, axis=1)[:, :, None]
    return FiniteWorld(np.concatenate([features, classes], axis=2), features, np.array([0, 1]))


def _misprint() -> Evidence:
    world, zero, sigma = aligned_share_world(), Fraction(0), Fraction(1)
    R = 1 - misaligned_share(world, zero)
    rho = rho_printed(sigma, R, class_shares(world).min(), zero)
    gram = divergence(world)
    room = 1 - rho - mean_shortfall(gram) / 2 - gram[0, 1]  # the condition: sqrt(2 rho) < room
    error = nearest_mean_error(world)
    return Evidence(
        kind="witness",
        summary=f"two samples of which no two views agree: P[S_0] = {R}, sigma = {sigma}, rho_max = {rho}, mu_0.mu_1 = "
        f"{gram[0, 1]} meet the condition, yet Err = {error}",
        direction="against",
        holds=bool(room > 0 and room**2 > 2 * rho and error > (1 - sigma) + R),
        claimed=f"Err <= (1 - sigma) + P[S_eps] = {(1 - sigma) + R}",
        computed=f"Err = {error}",
        slack=float((1 - sigma) + R - error),
    )


_read = rho_max(
    lambda of, _: (1 - of.misaligned) / of.shares.min(), lambda of: float(1 - of.sigma.min() + (1 - of.misaligned))
)


def _witness() -> Choice:
    everything = np.ones(2, dtype=bool)
    return Choice(in_floats(aligned_share_world()), (1,) * 4, 1.0, everything, ~everything)


CLAIMS = (
    Claim(
        id="thm-1-misprint-aligned",
        title="R_eps as the aligned share, as once printed",
        source="Huang et al., ICLR 2023, section 2 (their section 3.1 has the complement)",
        statement=r"R_\varepsilon:=P[S_\varepsilon],\quad \mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ "
        r"\forall l\neq k" + CONCLUSION,
        predicate=Predicate(worlds=with_pinned(_witness(), choices), read=_read),
        expected=Verdict.REFUTED,
        other={
            "no sample aligned": _misprint,
        },
    ),
)
