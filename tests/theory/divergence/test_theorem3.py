import flint
import pytest
import sympy

from tests.theory.divergence.worlds import undischarged
from theory.divergence import infonce, theorem3, theorem3_balanced, theorem3_chain, theorem3_sharp

CLAIMS = {
    claim.id: claim
    for module in (theorem3, theorem3_sharp, theorem3_balanced, theorem3_chain)
    for claim in module.CLAIMS
}


MUTANTS = [
    ("thm-3-chain", theorem3_chain, "threshold", lambda rho, root: 1 - rho + root),
    ("thm-3", theorem3, "printed_bound", lambda L_2, tau, p, eps: infonce.printed_bound(L_2, tau, 2 * p, eps)),
    (
        "thm-3-vacuous",
        theorem3,
        "printed_bound",
        lambda L_2, tau, p, eps: infonce.printed_bound(L_2 - tau, 0, p, eps),
    ),
    ("thm-3-vacuous", theorem3, "log_sum", lambda a, b: sympy.log(sympy.exp(a) + 2 * sympy.exp(b))),
    ("thm-3-sharp", theorem3_sharp, "pair_root", lambda A, B, root: (root - A) / 2 - B),
    ("thm-3-sharp", theorem3_sharp, "pair_bound", lambda a, b, Q: infonce.pair_bound(a, b, 2 * Q)),
    ("thm-3-sharp", theorem3_sharp, "one_pair_bound", lambda L_2, a, share: infonce.one_pair_bound(L_2 / 2, a, share)),
    ("thm-3-sharp", theorem3_sharp, "agreement_floor", lambda eps, R, p: 1 - eps**2 / 2 - R / p),
    ("thm-3-balanced", theorem3_balanced, "balance", lambda p, squares, mean: mean - (p * squares).sum()),
    ("thm-3-balanced", theorem3_balanced, "balance", lambda p, squares, mean: mean - (p**2 * squares).sum() + 1),
    ("thm-3-balanced", theorem3_balanced, "mean_of_others", lambda total, share, t, w: (total - share * t) / w),
]


@pytest.mark.parametrize(("claim", "module", "name", "mutant"), MUTANTS)
def test_a_mutated_formula_is_no_longer_proved(claim, module, name, mutant, monkeypatch):
    monkeypatch.setattr(module, name, mutant)
    assert undischarged(CLAIMS[claim])


FLOOR = [  # height and power: height (eps/2)^power is taken from the right side, 2.587 at eps = 0 and 2.750 at eps = 2
    ("0.006", 0, True),
    ("0.007", 0, False),
    ("0.16", 100, True),
    ("0.18", 100, False),
]


@pytest.mark.parametrize(("height", "power", "stays"), FLOOR)
def test_the_right_side_is_held_against_258_up_to_eps_2(height, power, stays, monkeypatch):
    def less(L_2, tau, share, eps):
        return infonce.printed_bound(L_2, tau, share, eps) - flint.arb(height) * (eps / 2) ** power

    monkeypatch.setattr(theorem3, "printed_bound", less)
    assert CLAIMS["thm-3-vacuous"].steps["right side"]().holds is stays
