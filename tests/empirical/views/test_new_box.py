"""A kind of views of which every one can be proved is one new file: here a zoom and a tilt, unknown to the program."""

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from empirical.audit.certificate import write
from empirical.audit.check import check
from empirical.audit.page import page
from empirical.audit.report import report
from empirical.continuous.geometry import Box
from empirical.continuous.network import plain, scores
from empirical.continuous.search import verify
from empirical.continuous.sub_boxes import largest_scale, part_of
from empirical.views.augmentations import seeded_generator
from empirical.views.boxes import Beyond, BoxSource, Readings
from empirical.views.flips import Flipped
from empirical.views.protocol import ViewSource
from empirical.views.warps import warp_images
from tests.empirical.audit.every_view import made
from tests.empirical.continuous.small import balanced, images
from tests.empirical.continuous.test_geometry import excess, pictures, random_cells
from theory.messages import Notice


@dataclass(frozen=True)
class Tilt:
    """(x, y) reads at (1 + zoom u) (x, y + tilt v x)."""

    zoom: float = 0.1
    tilt: float = 0.1
    jumps: ClassVar[tuple[int, ...]] = ()
    beyond: ClassVar[Beyond] = "zeros"

    @property
    def ranges(self):
        return self.zoom, self.tilt

    @property
    def parts(self):
        return asdict(self)

    def with_parts(self, parts):
        return Tilt(**parts)

    def maps(self, points):
        factor, tilted = 1 + self.zoom * points[:, 0], self.tilt * points[:, 1]
        zero = torch.zeros_like(factor)
        rows = torch.stack([factor, zero, zero, factor * tilted, factor, zero], dim=1)
        return rows.reshape(-1, 2, 3)

    def readings(self, points, halves, height, width):
        """Affine but for the product of both changes, in q and per pixel of |x|."""
        factor, by_factor = 1 + self.zoom * points[:, 0], self.zoom * halves[:, 0]
        tilted, by_tilt = self.tilt * points[:, 1], self.tilt * halves[:, 1]
        jets, remainders = np.zeros((len(points), 3, 2, 3)), np.zeros((len(points), 3))
        jets[:, 0, 0, 0], jets[:, 0, 1, 0], jets[:, 0, 1, 1] = factor, factor * tilted, factor
        jets[:, 1, 0, 0], jets[:, 1, 1, 0], jets[:, 1, 1, 1] = by_factor, by_factor * tilted, by_factor
        jets[:, 2, 1, 0] = factor * by_tilt
        remainders[:, 0] = by_factor * by_tilt
        slack = np.broadcast_to([4.0, 4.0, max(height, width)], remainders.shape)
        return Readings(jets, remainders, slack)

    def draw(self, n, *keys):
        return self.maps(2 * torch.rand(n, 2, generator=seeded_generator(*keys)) - 1)

    def apply(self, images, parameters):
        return warp_images(images, parameters, self.beyond)

    def describe(self):
        return asdict(self)

    def box_in_words(self):
        return f"zoom up to {self.zoom:g}, tilt up to {self.tilt:g}"

    def view_in_words(self, point):
        return f"zoomed by {self.zoom * point[0]:+.3f}, tilted by {self.tilt * point[1]:+.3f}"


class WithoutProduct(Tilt):
    """Bounds that take the views to be affine in both parameters."""

    def readings(self, *cell):
        every = super().readings(*cell)
        return replace(every, remainders=0 * every.remainders)


TILT = Tilt(zoom=0.08, tilt=0.12)
NETWORK = plain(balanced(2), (1, 7, 6))
PICTURES = images(12, seed=3)


def test_it_is_known_by_its_methods():
    assert isinstance(TILT, BoxSource)
    assert isinstance(Flipped(TILT), BoxSource)


@pytest.mark.parametrize("half", [1e-6, 0.1, 1.0])
def test_its_views_lie_in_their_bounds_and_come_close_to_them(half):
    box, pixels = Box(Tilt(0.5, 0.5)), pictures(40)
    worst, _ = excess(pixels, box, *random_cells(len(pixels), box, half))
    assert 0.5 < worst.max() <= 1


def test_a_reading_that_leaves_out_its_remainder_is_caught():
    ramp = torch.linspace(0, 1, 12)[:, None].expand(1, 1, 12, 12).double()
    whole = torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2, dtype=torch.float64)
    inner = [excess(ramp, Box(kind(0.2, 0.2)), *whole)[0][..., 4:8, 4:8].max() for kind in (Tilt, WithoutProduct)]
    assert inner[0] <= 1 < inner[1]


@pytest.mark.parametrize("source", [TILT, Flipped(TILT)], ids=["tilt", "flipped"])
def test_all_its_views_are_proved_or_one_refutes(source):
    box = Box(source)
    verdicts = verify(NETWORK, PICTURES, box, 200)
    assert {"proved", "refuted"} <= {verdict.status for verdict in verdicts}
    generator = torch.Generator().manual_seed(0)
    for image, verdict in zip(PICTURES, verdicts, strict=True):
        points = 2 * torch.rand(500, len(box.dimensions), generator=generator, dtype=torch.float64) - 1
        if verdict.status == "refuted":
            points = torch.tensor([verdict.view], dtype=torch.float64)
        clusters = scores(NETWORK, box.views(image.expand(len(points), -1, -1, -1), points).numpy()).argmax(axis=1)
        assert (clusters == verdict.cluster).all() == (verdict.status != "refuted")


def test_its_largest_boxes_are_found():
    refuted = [v.status == "refuted" for v in verify(NETWORK, PICTURES, Box(TILT), 200)].index(True)
    scale, _ = largest_scale(NETWORK, PICTURES[refuted], TILT, 200, 4)
    assert 0 < scale < 1
    assert part_of(TILT, ("tilt",), scale) == Tilt(0.0, scale * TILT.tilt)
    assert part_of(Flipped(TILT), ("zoom",)) == Flipped(Tilt(TILT.zoom, 0.0))


@pytest.fixture(scope="module")
def audited():
    return made(views=f"{__name__}:TILT")


def test_an_audit_certifies_every_view_of_it(audited):
    continuous = audited.continuous
    assert {"proved", "refuted"} <= {verdict.status for verdict in continuous.verdicts}
    assert continuous.exact.error < 0.2
    assert not audited.false
    assert "For every view of the box (zoom up to 0.08, tilt up to 0.12)" in " ".join(report(audited).split())
    assert "; zoomed by " in page(audited)


def test_the_checker_says_that_it_does_not_know_the_kind(audited, tmp_path):
    with pytest.warns(Notice, match="written, and not checked: .*ranges zoom, tilt, a kind that the checker does not"):
        certificate, _ = write(audited, tmp_path)
    with pytest.raises(
        ValueError, match="ranges zoom, tilt, a kind that the checker does not know; it replays those of"
    ):
        check(certificate)


def test_views_that_fill_no_box_are_not_taken_for_it():
    class Drawn:
        draw, apply, describe = Tilt.draw, Tilt.apply, Tilt.describe

    assert isinstance(Drawn(), ViewSource)
    assert not isinstance(Drawn(), BoxSource)
