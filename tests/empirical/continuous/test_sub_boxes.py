"""Scales of boxes: proved at the scale found, not beyond it; classes met by more than half."""

import numpy as np
import pytest

from empirical.continuous.geometry import Box
from empirical.continuous.network import plain
from empirical.continuous.search import verify_one
from empirical.continuous.sub_boxes import class_scales, largest_scale, largest_scales, part_of
from empirical.views.warps import Warp
from tests.empirical.continuous.small import balanced, images

WARP = Warp(rotation=20.0, shear=0.0, scale=0.0, shift=0.1)
NETWORK = plain(balanced(2), (1, 7, 6))


def test_part_of():
    assert part_of(Warp(), ("shift", "rotation"), 0.5) == Warp(rotation=10.0, shear=0.0, scale=0.0, shift=0.075)
    with pytest.raises(ValueError, match="part=turn"):
        part_of(Warp(), ("turn",))
    with pytest.raises(ValueError, match="share=2"):
        part_of(Warp(), ("shift",), 2)


def test_proved_at_the_scale_and_not_a_step_beyond():
    pictures = images(8, seed=3)
    scales, clusters = largest_scales(NETWORK, pictures, WARP, 60, steps=3, jobs=2)
    assert len(set(scales)) > 1
    for image, scale, cluster in zip(pictures, scales, clusters, strict=True):
        assert (scale, cluster) == largest_scale(NETWORK, image, WARP, 60, 3)
        assert scale * 8 == int(scale * 8)
        if scale > 0:
            verdict = verify_one(NETWORK, image, Box(part_of(WARP, tuple(WARP.parts), scale)), 60)
            assert (verdict.status, verdict.cluster) == ("proved", cluster)
        if scale < 1:
            beyond = Box(part_of(WARP, tuple(WARP.parts), scale + 1 / 8))
            assert verify_one(NETWORK, image, beyond, 60).status != "proved"


def test_classes_need_more_than_half():
    scales = np.array([1, 0.5, 0.25, 0.0, 1, 1, 0.5, 0.25])
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    clusters = np.array([2, 2, 2, 2, 0, 0, 1, 0])
    anchors = np.array([2, 0, 1])
    assert class_scales(scales, clusters, labels, anchors) == (0.25, 0.25, 0.0)
    assert class_scales(scales, clusters, labels, np.array([2, 1, 0])) == (0.25, 0.0, 0.0)
