"""The nearest class mean is a linear classifier: W_k = mu_k, b_k = -||mu_k||^2/2."""

import sympy

from theory.factors import class_means
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity
from theory.setting import Array
from theory.theorem1.proofs.choice import Choice
from theory.theorem1.proofs.worlds import choices


def linear_head(means: Array) -> tuple[Array, Array]:
    """(W, b), (K, d) and (K,), with argmax_k W_k.z + b_k = argmin_k ||z - mu_k||."""
    return means, -(means**2).sum(axis=1) / 2


def _scores() -> Evidence:
    zz, zm, mm = sympy.symbols("zz zm mm")
    return identity(
        "||z - mu||^2 = ||z||^2 - 2 (mu.z - ||mu||^2/2): the distance falls as the score rises, ||z||^2 being common",
        zz - 2 * zm + mm,
        zz - 2 * (zm - mm / 2),
    )


def _read(choice: Choice) -> Reading:
    """For every view z and class k: ||z||^2 - 2 (W_k.z + b_k) is the squared distance."""
    world = choice.distinct
    weights, offsets = linear_head(class_means(world))
    z = world.features[:, :, None]
    squares, scores = ((z - weights) ** 2).sum(axis=3), (z * weights).sum(axis=3) + offsets
    return Reading(hypotheses={}, left=abs(squares - ((z**2).sum(axis=3) - 2 * scores)), right=0.0)


CLAIMS = (
    Claim(
        id="nearest-mean-linear",
        title="The nearest class mean is a linear head",
        source="Huang et al., ICLR 2023, section 2",
        statement=r"\arg\min_k\|z-\mu_k\|=\arg\max_k(W_k z+b_k),\quad W_k=\mu_k^\top,\ b_k=-\frac{1}{2}\|\mu_k\|^2",
        predicate=Predicate(worlds=choices, read=_read),
        expected=Verdict.PROVED,
        reduction="`scores`, with ||z||^2, which no k changes, left out; only norms and inner products enter.",
        steps={
            "scores": _scores,
        },
    ),
)
