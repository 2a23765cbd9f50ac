"""The identity as augmentation: perfect alignment and perfect uniformity say nothing of the classes.

On the sphere of one dimension, {-1, 1}, a finite world can be perfectly uniform: half of the samples lie at either point.
With A(x) = {x} alignment is perfect whatever f is, and which samples lie where is left open, so that it may be a coin tossed
apart from the classes.
"""

from fractions import Fraction

import numpy as np

from theory.factors import alignment, least_head_error
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import Array, FiniteWorld


def on_two_points(signs: Array) -> FiniteWorld:
    """Samples with f = +-1, half of each sign, and two equal views, which are the samples' numbers; classes by turns."""
    features = np.repeat(signs[:, None, None], 2, axis=1)
    views = np.repeat(np.arange(len(signs))[:, None, None], 2, axis=1).astype(float)
    return FiniteWorld(views, features, np.arange(len(signs)) % 2)


def _coin() -> Evidence:
    world = on_two_points(np.array([1.0, 1.0, -1.0, -1.0]))
    error, centre = least_head_error(world), abs(world.features.sum())
    return Evidence(
        kind="witness",
        summary="four samples, one of either class at either point of {-1, 1}: L_align = 0, f uniform on the sphere, and "
        f"every head errs on {error} or more, which is chance",
        direction="against",
        holds=bool(alignment(world) == 0 and centre == 0 and error == Fraction(1, 2)),
        claimed="some head has no error",
        computed=f"least error of a head {error}",
        slack=float(-error),
    )


def _worlds(rng: Rng) -> Start:
    """An even number of samples; the half with the larger parameters lies at 1."""
    n = 2 * int(rng.integers(2, 7))

    def build(point: Array) -> FiniteWorld:
        rank = np.argsort(np.argsort(point))
        return on_two_points(np.where(rank < n // 2, -1.0, 1.0))

    return rng.normal(size=n), build


def _read(world: FiniteWorld) -> Reading:
    """Alignment and uniformity hold by construction."""
    return Reading(hypotheses={}, left=float(least_head_error(world)), right=0.0)


CLAIMS = (
    Claim(
        id="uniform-identity",
        title="Alignment and uniformity under the identity",
        source="denied by Huang et al., ICLR 2023, remark on their first theorem",
        statement=r"A(x)=\{x\},\ L_{align}=0,\ f(x)\sim Unif(S^{d-1})\ \Rightarrow\ \exists h:\ P[h(f(x))\neq y]=0",
        predicate=Predicate(worlds=_worlds, read=_read),
        expected=Verdict.REFUTED,
        other={
            "coin": _coin,
        },
    ),
)
