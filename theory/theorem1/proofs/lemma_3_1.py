"""Lemma 3.1: an encoder whose nearest class means are right on the main parts errs on (1 - sigma) + R_eps at most."""

import numpy as np

from theory.factors import class_means
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Verdict
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.proofs.choice import Choice, clearances, common
from theory.theorem1.proofs.predicates import error_reading
from theory.theorem1.proofs.steps import union_bound
from theory.theorem1.proofs.worlds import choices


def _read(choice: Choice) -> Reading:
    world, of = choice.world, common(choice)
    least = clearances(world, class_means(world))[of.kept].min(initial=np.inf)
    return error_reading(world, of.bound, {"correct on the main parts": least - ROUNDING})


CLAIMS = (
    Claim(
        id="lemma-3.1",
        title="Correct on main parts: Err <= (1-sigma) + R_eps",
        source="Huang et al., ICLR 2023, Lemma 3.1",
        statement=r"G_f\ \mathrm{correct\ on}\ \cup_k C_k^0\cap S_\varepsilon\ \Rightarrow\ "
        r"Err(G_f)\leq(1-\sigma)+R_\varepsilon",
        predicate=Predicate(worlds=choices, read=_read),
        expected=Verdict.PROVED,
        reduction="Per class, errors lie outside C_k^0 or in C_k^0 minus S_eps (`union bound`, over the masses of the four "
        "atoms of a class). Summing over k: sum_k p_k = 1 and sum_k P[C_k minus S_eps] = R_eps.",
        steps={
            "union bound": union_bound,
        },
    ),
)
