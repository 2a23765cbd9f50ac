"""Theorem 1 where classes share views: that A(C_k) and A(C_l) are disjoint is assumed in the paper and not needed.

Theorem 1 is stated for an encoder with labels of samples. A view has no label: it enters the mean of every class that has it.
"""

from fractions import Fraction

import numpy as np
import sympy

from theory.factors import class_shares, divergence, mean_shortfall, misaligned_share, nearest_mean_error
from theory.falsification import Predicate, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import Array, FiniteWorld
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.choice import Choice
from theory.theorem1.proofs.lemma_3_2 import BY_BALL, PRINTED_STEPS, rho_max_no_less
from theory.theorem1.proofs.predicates import printed_rho_max
from theory.theorem1.proofs.steps import AVERAGES, CONCLUSION, union_bound
from theory.worlds import on_sphere


def shared_view_world() -> FiniteWorld:
    """Two classes of 20 samples at 1 and -1, their own encoder, but for a sample of class 0 with a view of class 1. Exact."""
    features = np.repeat([Fraction(1), Fraction(-1)], 20)[:, None, None].repeat(4, axis=1)
    features[0, -1] = features[-1, 0]
    return FiniteWorld(features, features, np.repeat([0, 1], 20))


def _world() -> Evidence:
    """sigma = 1 and delta = eps = 0: all samples of class 0 have a view at 1, those of class 1 at -1."""
    world, zero = shared_view_world(), Fraction(0)
    R, gram = misaligned_share(world, zero), divergence(world)
    rho = sympy.Rational(str(rho_printed(1, R, class_shares(world).min(), zero)))
    room = threshold(rho) - sympy.Rational(str(gram[0, 1] + mean_shortfall(gram) / 2))
    shared = any((world.views[0, -1] == view).all() for view in world.views[-1])
    error = nearest_mean_error(world)
    return Evidence(
        kind="symbolic",
        summary=f"a world whose two classes share a view meets the condition of thm-1 at R = {R}; Err = {error} <= R",
        holds=bool(shared and room > 0 and error <= R < 1),
        computed=f"threshold - Delta_mu/2 - mu_0.mu_1 = {float(room):.3f}",
    )


def _worlds(rng: Rng) -> Start:
    """Two or three tight classes, apart or too near; a view of the first sample, or it itself, is one of another class.

    Now and then a sample of every class lies at another class, outside the main part.
    """
    classes, size = int(rng.integers(2, 4)), int(rng.integers(6, 13))
    labels = np.repeat(np.arange(classes), size)
    near = np.eye(classes)[0] + 0.05 * rng.normal(size=(classes, classes))
    centres = near if rng.random() < 0.2 else np.eye(classes) - 1 / classes
    features = centres[labels][:, None] + rng.choice([0.0, 0.003, 0.01, 0.03]) * rng.normal(
        size=(len(labels), 3, classes)
    )
    main = (np.arange(len(labels)) % size != 1) | (rng.random() < 0.7)
    features[~main] = centres[(labels[~main] + 1) % classes][:, None]
    aligned, shared = np.arange(len(labels)) > 0, rng.choice([0, -1])

    def build(point: Array) -> Choice:
        rows = on_sphere(point.reshape(features.shape))
        rows[0, shared] = rows[-1, 0]
        return Choice(FiniteWorld(rows, rows, labels), (1, 1, 1), 1.0, main, aligned)

    return features.ravel(), build


CLAIMS = (
    Claim(
        id="thm-1-shared-views",
        title="Theorem 1 where classes share views",
        source="derived from Huang et al., ICLR 2023, Theorem 1",
        statement=r"A(C_1)\cap A(C_2)\neq\emptyset\ allowed:\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + CONCLUSION,
        predicate=Predicate(worlds=_worlds, read=printed_rho_max),
        expected=Verdict.PROVED,
        reduction="The proof of thm-1, whose steps speak of the views of one sample of C_l^0 and of class means, never of "
        "views that two classes have or have not. `world`: a condition met, with a bound below 1, where they share one. "
        + BY_BALL,
        trusted=(AVERAGES,),
        unchecked={"the proof of thm-1 never uses that classes share no view": "theorem_1"},
        steps={
            **PRINTED_STEPS,
            "rho_max": rho_max_no_less,
            "union bound": union_bound,
            "world": _world,
        },
    ),
)
