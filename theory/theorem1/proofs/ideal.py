"""The ideal case of Theorem 1: perfect alignment and concentration, where distinct means suffice."""

import numpy as np
import sympy
import z3

from theory.factors import divergence
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import Array, FiniteWorld
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.predicates import error_reading
from theory.theorem1.proofs.steps import union_bound
from theory.worlds import on_sphere


def _ideal_threshold() -> Evidence:
    p = sympy.symbols("p", positive=True)
    zero = sympy.Integer(0)
    return identity(
        "sigma = 1, delta = eps = R = 0 give rho_max = 0 and threshold 1: the condition reads mu_l.mu_k < r^2",
        threshold(rho_printed(sympy.Integer(1), zero, p, zero)),
        sympy.Integer(1),
    )


def _ideal_means() -> Evidence:
    p1, p2, q1, q2 = z3.Reals("p1 p2 q1 q2")
    return implication(
        "every f(x) is its class mean, a unit vector: Delta_mu = 0, and mu_l.mu_k < 1 iff mu_l != mu_k",
        [p1 * p1 + p2 * p2 == 1, q1 * q1 + q2 * q2 == 1],
        (p1 * q1 + p2 * q2 < 1) == z3.Not(z3.And(p1 == q1, p2 == q2)),
        example={p1: 1, p2: 0, q1: 0, q2: 1},
    )


def _worlds(rng: Rng) -> Start:
    """Unit means, apart, near or equal; a class has one feature and shares a view: delta = eps = 0, sigma = 1."""
    classes, d = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    sizes = rng.integers(1, 4, classes)
    labels = np.repeat(np.arange(classes), sizes)
    apart = 0.0 if rng.random() < 0.1 else 10 ** -rng.uniform(0, 4)
    means = rng.normal(size=d) + apart * rng.normal(size=(classes, d))
    elsewhere = np.append([0.0], rng.normal(size=1)) * np.ones((len(labels), 2))

    def build(point: Array) -> FiniteWorld:
        features = np.repeat(on_sphere(point.reshape(classes, d))[labels][:, None], 2, axis=1)
        return FiniteWorld(np.concatenate([features, elsewhere[:, :, None]], axis=2), features, labels)

    return means.ravel(), build


def _read(world: FiniteWorld) -> Reading:
    product = (divergence(world) - 3 * np.eye(world.classes)).max()
    return error_reading(world, 0.0, {"mu_l.mu_k < r^2": 1 - product - ROUNDING})


CLAIMS = (
    Claim(
        id="thm-1-ideal",
        title="Ideal case: distinct means suffice",
        source="Huang et al., ICLR 2023, remark on Theorem 1",
        statement=r"\sigma=1,\ \delta=\varepsilon=R_\varepsilon=0:\quad \mu_l^\top\mu_k<r^2\ \forall l\neq k\ "
        r"\Rightarrow\ Err(G_f)=0",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.PROVED,
        reduction="delta = eps = 0 and sigma = 1 make f constant on a class (s = 0), so its mean is a unit vector and "
        "Delta_mu = 0; thm-1 then asks mu_l.mu_k < r^2 (`ideal threshold`), which says that the means differ (`ideal "
        "means`, in the plane of the two), and gives Err <= 0.",
        trusted=("thm-1",),
        unchecked={"s = 0 and sigma = 1 make f constant on a class": "theorem_1_ideal_in_words"},
        steps={
            "ideal threshold": _ideal_threshold,
            "ideal means": _ideal_means,
            "union bound": union_bound,
        },
    ),
)
