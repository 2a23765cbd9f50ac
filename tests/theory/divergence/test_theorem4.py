import pytest
import z3

from tests.theory.divergence.worlds import undischarged
from theory.divergence import (
    crosscorrelation,
    theorem4,
    theorem4_centred,
    theorem4_chain,
    theorem4_constant,
    theorem4_sharp,
    theorem4_steps,
)

CLAIMS = {
    claim.id: claim
    for module in (theorem4, theorem4_constant, theorem4_sharp, theorem4_centred, theorem4_chain)
    for claim in module.CLAIMS
}


def steeper(y, kappa):
    return z3.If(y >= 0, y * y, 6 * kappa * (y * y) / 5)


MUTANTS = [
    ("thm-4-centred", theorem4_centred, "centred_square", lambda *a: crosscorrelation.centred_square(*a) * 0.99),
    ("thm-4-centred", theorem4_centred, "centred_square", lambda *a: crosscorrelation.centred_square(*a) * 2),
    ("thm-4-centred", theorem4_centred, "centred_reach", lambda p, q: 1 - (p + q) / 2),
    ("thm-4-floor", theorem4_centred, "printed_square", lambda L_2, tau, share, excess: (L_2 + tau - excess) / share),
    ("thm-4-chain", theorem4_chain, "printed_square", lambda L_2, tau, share, excess: (L_2 + tau - excess) / share),
    ("thm-4-chain", theorem4_chain, "scatter_limit", lambda alpha, s: 4 * crosscorrelation.scatter_limit(alpha, s)),
    ("thm-4-chain", theorem4_chain, "threshold", lambda rho, root: 1 - rho + root),
    ("thm-4", theorem4, "printed_square", lambda L_2, tau, share, excess: (L_2 + tau - excess) / share),
    (
        "thm-4",
        theorem4,
        "triangle_square",
        lambda root, size, share, excess: ((root + size) ** 2 - excess) / (3 * share),
    ),
    ("thm-4", theorem4, "scatter_limit", lambda alpha, s: s**2 * alpha**2 / 2 + (1 - alpha**2)),
    ("thm-4-constant", theorem4_constant, "constant_square", lambda *a: crosscorrelation.constant_square(*a) * 0.99),
    ("thm-4-constant", theorem4_constant, "constant_square", lambda *a: crosscorrelation.constant_square(*a) * 2),
    ("thm-4-constant", theorem4_steps, "least_block", lambda y, kappa: 4 * kappa * (y * y)),
    ("thm-4-sharp", theorem4_steps, "lopsided_square", steeper),
    ("thm-4-sharp", theorem4_sharp, "wide_radius", lambda c, kappa, root: (root - c) / (1 + kappa)),
    ("thm-4-sharp", theorem4_sharp, "narrow_radius_square", lambda B, c, slope: B / (1 + slope) - c * c),
    ("thm-4-sharp", theorem4_sharp, "trace_budget", lambda L_2, tau, trace: L_2 + trace - tau),
    ("thm-4-sharp", theorem4_sharp, "unnormed_square", lambda a, b, share: (a + b / 2) ** 2 / (2 * share)),
]


@pytest.mark.parametrize(("claim", "module", "name", "mutant"), MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(claim, module, name, mutant, monkeypatch):
    monkeypatch.setattr(module, name, mutant)
    assert undischarged(CLAIMS[claim])
