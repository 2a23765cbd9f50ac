"""Finite worlds drawn to break the divergence bounds: how near the measured products come to them."""

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from theory.divergence.crosscorrelation import correlation_bounds
from theory.divergence.infonce import infonce_bounds
from theory.divergence.losses import second_moments, standardised
from theory.divergence.pairs import PairBounds
from theory.ledger import Evidence
from theory.setting import Array, FiniteWorld
from theory.worlds import unit_worlds


def draw_world(seed: int) -> FiniteWorld:
    """A small world of unit features; see `theory.worlds.labelled_features`."""
    point, build = unit_worlds(np.random.default_rng(seed))
    world: FiniteWorld = build(point)
    return world


WORLDS = 400


@cache
def _infonce() -> tuple[tuple[PairBounds, ...], ...]:
    return tuple(infonce_bounds(draw_world(seed)) for seed in range(WORLDS))


@cache
def _correlation() -> tuple[tuple[PairBounds, ...], ...]:
    return tuple(correlation_bounds(*draw_features(seed)) for seed in range(WORLDS))


def draw_features(seed: int) -> tuple[Array, Array]:
    """Features and labels of a drawn world, of norm sqrt(d) or, every other time, with E f_i^2 = 1 (unless one vanishes)."""
    world = draw_world(seed)
    if seed % 2 and second_moments(world.features).min() > 0:
        return standardised(world.features), world.labels
    return world.features * np.sqrt(world.features.shape[2]), world.labels


def infonce_searched(form: str) -> Evidence:
    """Evidence that no drawn world exceeds a form of Theorem 3."""
    return _evidence(form, _infonce)


def correlation_searched(form: str) -> Evidence:
    """Evidence that no drawn world exceeds a form of Theorem 4."""
    return _evidence(form, _correlation)


def _evidence(form: str, worlds: Callable[[], Sequence[Sequence[PairBounds]]]) -> Evidence:
    own = [bounds for world in worlds() for bounds in world if bounds.form == form]
    slacks = np.array([bounds.slack for bounds in own])
    telling = sum(bool(bounds.informative.any()) for bounds in own)
    least = float(slacks.min())
    return Evidence(
        kind="search",
        summary=f"no bound is exceeded in {len(own)} worlds; it beats Cauchy-Schwarz for some pair in {telling} of them, "
        f"and comes within .05 of a measured product in {int((slacks < 0.05).sum())}",
        holds=least >= 0.0,
        computed=f"least bound - mu_k.mu_l = {least:.3g}",
        slack=least,
    )
