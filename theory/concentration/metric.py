"""The augmented distance is no metric: two samples that each share a view with a third may be far apart."""

import numpy as np

from theory.concentration.distances import augmented_distances
from theory.falsification import Predicate, Reading, Rng, Start
from theory.ledger import Claim, Evidence, Verdict
from theory.setting import Array
from theory.worlds import nearest_views, with_pinned


def chain() -> Array:
    """Three samples on the line with views {0}, {0, 1} and {1}; each a view twice where it has one. (3, 2, 1)."""
    return np.array([[0, 0], [0, 1], [1, 1]])[:, :, None]


def _chain() -> Evidence:
    apart = augmented_distances(chain())
    return Evidence(
        kind="witness",
        summary=f"views {{0}}, {{0, 1}}, {{1}}: d_A(x, z) = {apart[0, 2]} > {apart[0, 1] + apart[1, 2]} = d_A(x, y) + "
        "d_A(y, z)",
        direction="against",
        holds=bool(apart[0, 2] > apart[0, 1] + apart[1, 2]),
        claimed=f"d_A(x, z) <= {apart[0, 1] + apart[1, 2]}",
        computed=f"d_A(x, z) = {apart[0, 2]}",
        slack=float(apart[0, 1] + apart[1, 2] - apart[0, 2]),
    )


def _worlds(rng: Rng) -> Start:
    """Three samples of two views."""
    return rng.normal(size=12), lambda point: point.reshape(3, 2, 2)


def _read(views: Array) -> Reading:
    apart = nearest_views(views)
    return Reading(hypotheses={}, left=apart[0, 2], right=apart[0, 1] + apart[1, 2])


CLAIMS = (
    Claim(
        id="augmented-metric",
        title="The augmented distance is a metric",
        source='"ball" in Huang et al., ICLR 2023, after the definition of (sigma, delta)-augmentation, suggests it',
        statement=r"d_A(x,z)\leq d_A(x,y)+d_A(y,z)",
        predicate=Predicate(worlds=with_pinned(chain().astype(float), _worlds), read=_read),
        expected=Verdict.REFUTED,
        other={
            "chain": _chain,
        },
    ),
)
