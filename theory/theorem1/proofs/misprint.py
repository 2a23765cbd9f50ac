"""Theorem 1 with min_l rho_l for min_l p_l: false. So the lecture reads as transcribed, perhaps by the transcription."""

from fractions import Fraction

import numpy as np

from theory.concentration import augmented_distances, main_part
from theory.factors import class_shares, divergence, mean_shortfall, misaligned_share, nearest_mean_error
from theory.falsification import Predicate
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import FiniteWorld
from theory.theorem1.forms.printed import rho_printed
from theory.theorem1.proofs.choice import Choice, Factors
from theory.theorem1.proofs.predicates import rho_max
from theory.theorem1.proofs.steps import CONCLUSION
from theory.theorem1.proofs.worlds import choices
from theory.worlds import in_floats, with_pinned


def misprint_world() -> FiniteWorld:
    """The witness against "min_l rho_l" in rho_max: ten classes of five samples with ten views, features +-axes, exact.

    Class 0: one sample sits at e_0 with all views; four keep view 0 there and have the rest at -e_0, so d_A = 0, sigma = 1
    and R/p_0 = 4/5 at delta = eps = 0. Class k > 0 sits at e_k. All of class 0 is misclassified, for its mean is -11/25 e_0.
    """
    K, samples, views = 10, 5, 10
    axes = np.array([[Fraction(int(i == j)) for j in range(K)] for i in range(K)], dtype=object)
    features = np.repeat(np.repeat(axes, samples, axis=0)[:, None, :], views, axis=1)
    features[1:samples, 1:] = -features[1:samples, 1:]
    return FiniteWorld(features, features, np.repeat(np.arange(K), samples))


def _misprint() -> Evidence:
    world, zero = misprint_world(), Fraction(0)
    classes = [world.members(k) for k in range(world.classes)]
    parts = [main_part(augmented_distances(world.views[members]), zero) for members in classes]
    sigma = min(Fraction(part.lower, len(members)) for part, members in zip(parts, classes, strict=True))
    R, shares = misaligned_share(world, zero), class_shares(world)
    rhos = [rho_printed(sigma, R, p, zero) for p in shares]
    rho = rho_printed(sigma, R, min(rhos), zero)
    gram = divergence(world)
    largest = max(gram[l, k] for l in range(len(gram)) for k in range(len(gram)) if l != k)
    room = 1 - rho - mean_shortfall(gram) / 2 - largest  # the condition: sqrt(2 rho) < room
    error = nearest_mean_error(world)
    return Evidence(
        kind="witness",
        summary=f"finite world of ten classes, sigma = {sigma}, R = {R}, rho_l = {min(rhos)}, so rho_max = {rho} as "
        f"misprinted and the condition holds, yet Err = {error} > {(1 - sigma) + R}",
        direction="against",
        holds=bool(room > 0 and room**2 > 2 * rho and error > (1 - sigma) + R),
        claimed=f"Err <= (1 - sigma) + R = {(1 - sigma) + R}",
        computed=f"Err = {error}; mu_l.mu_k <= {largest} < threshold",
        slack=float((1 - sigma) + R - error),
    )


def _witness() -> Choice:
    world = in_floats(misprint_world())
    torn = np.ptp(world.features, axis=1).max(axis=1) > 0
    return Choice(world, (1,) * world.views.shape[1], 1.0, np.ones(len(torn), dtype=bool), ~torn)


def _misprinted(of: Factors, s: float) -> float:
    """R_eps / min_l rho_l, 0 where R_eps is 0."""
    rhos = rho_printed(of.sigma.min(), of.misaligned, of.shares, s)
    return of.misaligned / float(rhos.min()) if of.misaligned else 0.0


CLAIMS = (
    Claim(
        id="thm-1-misprint",
        title="rho_max with min_l rho_l, as transcribed",
        source="lecture, Theorem 1 (as transcribed; Huang et al., ICLR 2023, print min_l p_l)",
        statement=r"\rho_{max}=2(1-\sigma)+\frac{R_\varepsilon}{\min_l\rho_l}+\sigma s,\quad "
        r"\mu_l^\top\mu_k<r^2(1-\rho_{max}-\sqrt{2\rho_{max}}-\Delta_\mu/2)\ \forall l\neq k" + CONCLUSION,
        predicate=Predicate(worlds=with_pinned(_witness(), choices), read=rho_max(_misprinted)),
        expected=Verdict.REFUTED,
        other={
            "min_l rho_l": _misprint,
        },
    ),
)
