"""Verdicts that are kept: the same ones, under a name that tells all that decides them, also after a SIGKILL."""

import os
import signal
import subprocess
import sys
import time
from functools import partial

import pytest
import torch

from empirical import provenance
from empirical.continuous import kept
from empirical.continuous.geometry import Box
from empirical.continuous.kept import kept_verdict, verdict_file
from empirical.continuous.network import plain
from empirical.continuous.search import verify
from empirical.views.flips import Flipped
from empirical.views.warps import Warp
from tests.empirical.continuous.small import balanced, images

WARP = Warp(rotation=5.0, shear=0.0, scale=0.03, shift=0.03)
BOX = Box(WARP)
NETWORK = plain(balanced(1), (1, 7, 6))
IMAGES = images(24, seed=3)
BUDGET = 400
WORKER = """
import sys
from functools import partial
from pathlib import Path
from empirical.continuous.kept import kept_verdict
from empirical.continuous.search import verify
from tests.empirical.continuous.test_kept import BOX, BUDGET, IMAGES, NETWORK

verify(NETWORK, IMAGES, BOX, BUDGET, verdict_on=partial(kept_verdict, Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def uninterrupted():
    return verify(NETWORK, IMAGES, BOX, BUDGET)


def resumed(runs, jobs=1):
    return verify(NETWORK, IMAGES, BOX, BUDGET, jobs=jobs, verdict_on=partial(kept_verdict, runs))


def test_kept_verdicts_are_those_of_the_search(tmp_path, uninterrupted, monkeypatch):
    assert {v.status for v in uninterrupted} == {"proved", "refuted", "open"}
    assert resumed(tmp_path, jobs=2) == uninterrupted
    monkeypatch.setattr(kept, "verify_one", lambda *_: pytest.fail("searched again"))
    assert resumed(tmp_path) == uninterrupted


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_and_resumed_it_is_the_uninterrupted_search(tmp_path, uninterrupted, monkeypatch):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], env=environment)
    while process.poll() is None and len(list(tmp_path.glob("verdicts/*.json"))) < 5:
        time.sleep(0.0005)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    written = len(list(tmp_path.glob("verdicts/*.json")))
    assert 5 <= written < len(IMAGES)
    searched = []

    def counted(*given):
        searched.append(given)
        return search(*given)

    search = kept.verify_one
    monkeypatch.setattr(kept, "verify_one", counted)
    assert resumed(tmp_path) == uninterrupted
    assert len(searched) == len(IMAGES) - written


def test_all_that_decides_a_verdict_is_in_its_name(tmp_path, monkeypatch):
    given = {"network": NETWORK, "image": IMAGES[0], "box": BOX, "budget": BUDGET}
    moved = IMAGES[0].clone()
    moved[0, 3, 3] = torch.nextafter(moved[0, 3, 3], torch.tensor(2.0))
    others = [
        {},
        {"network": plain(balanced(2), (1, 7, 6))},
        {"image": moved},
        {"image": IMAGES[0].double()},
        {"box": Box(Warp(rotation=5.0, shear=0.0, scale=0.03, shift=0.031))},
        {"budget": BUDGET + 1},
    ]
    names = {verdict_file(tmp_path, **given | other) for other in others}
    monkeypatch.setattr(kept, "source_digest", lambda *_: "edited")
    names.add(verdict_file(tmp_path, **given))
    assert len(names) == len(others) + 1


class Renamed(Warp):
    """Another kind, with the ranges of a warp."""


def test_the_code_of_the_views_is_in_the_name(tmp_path, monkeypatch):
    given = (tmp_path, NETWORK, IMAGES[0])
    boxes = [Box(source) for source in (WARP, Renamed(**vars(WARP)), Flipped(WARP), Flipped(Renamed(**vars(WARP))))]
    assert len({verdict_file(*given, box, BUDGET) for box in boxes}) == len(boxes)
    modules = []
    monkeypatch.setattr(kept, "source_digest", lambda *names: str(modules.append(names)))
    verdict_file(*given, boxes[3], BUDGET)
    assert modules == [("empirical.continuous.search", "empirical.views.flips", __name__)]


def test_an_edit_of_the_views_makes_another_name(tmp_path, monkeypatch):
    before = verdict_file(tmp_path, NETWORK, IMAGES[0], Box(Flipped(WARP)), BUDGET)
    code = provenance._code
    monkeypatch.setattr(provenance, "_code", lambda name: code(name) + "# edited" * (name == "empirical.views.warps"))
    assert verdict_file(tmp_path, NETWORK, IMAGES[0], Box(Flipped(WARP)), BUDGET) != before


@pytest.mark.parametrize("damage", [lambda t: t[:-9], lambda t: t.replace('"open"', '"proved"'), lambda _: "[]"])
def test_a_damaged_file_is_refused_with_the_remedy(damage, tmp_path, uninterrupted):
    image = IMAGES[[v.status for v in uninterrupted].index("open")]
    given = (tmp_path, NETWORK, image, BOX, BUDGET)
    verdict, path = kept_verdict(*given), verdict_file(*given)
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match=r"verdict=.*: not as it was written \(.*\); delete it"):
        kept_verdict(*given)
    path.unlink()
    assert kept_verdict(*given) == verdict
