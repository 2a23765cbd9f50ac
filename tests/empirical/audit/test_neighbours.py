"""The neighbouring theories in an audit: text, page and JSON say the same, silence is explained, and no bound is broken."""

import html
import json

import numpy as np
import pytest
import torch
from torch import nn

from empirical.audit import audit, neighbours
from empirical.audit.halves import Halves
from empirical.audit.page import page
from empirical.audit.report import WIDTH, as_json, report
from theory import neighbours as theories
from theory.setting import FiniteWorld


def made(head, wrong=0.05, n=120, **options):
    """Three classes of noisy templates; some images have the template of another class."""
    rng = np.random.default_rng(0)
    templates = rng.random((3, 1, 4, 4))

    def half():
        labels = np.arange(n) % 3
        shown = np.where(rng.random(n) < wrong, (labels + 1) % 3, labels)
        images = np.clip(templates[shown] + 0.1 * rng.normal(size=(n, 1, 4, 4)), 0, 1)
        return torch.from_numpy(images).float(), torch.from_numpy(labels)

    data = Halves("templates", ("a", "b", "c"), *half(), *half())
    return audit(
        nn.Flatten().eval(),
        data,
        lambda image: (image + 0.1 * torch.randn_like(image)).clamp(0, 1),
        head=head,
        m=3,
        progress=False,
        **options,
    )


@pytest.fixture(scope="module", params=[("unit", None), ("clusters", 12)], ids=["unit", "cells"])
def result(request):
    head, clusters = request.param
    return made(head, clusters=clusters)


def test_no_bound_is_broken(result):
    told = [finding for own in result.neighbours.values() for finding in own if not finding.silence]
    assert told
    for finding in told:
        if finding.measured is not None:
            sign = 1 if finding.direction == "upper" else -1
            assert sign * (finding.bound - finding.measured) >= -1e-9, finding


def test_text_page_and_json_say_the_same(result):
    said = [neighbours.sentence(finding) for own in result.neighbours.values() for finding in own]
    text, shown, content = report(result), html.unescape(page(result)), as_json(result, "p")["neighbours"]
    assert len(said) == len(content) == 6
    joined = " ".join(text.split())
    assert all(" ".join(sentence.split()) in joined for sentence in said)
    assert all(sentence in shown for sentence in said)
    assert max(map(len, neighbours.lines(result.neighbours, WIDTH))) <= WIDTH
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    for entry, finding in zip(content, (f for own in result.neighbours.values() for f in own), strict=True):
        stated = not finding.unmet and np.isfinite(finding.bound)
        assert entry["bound"] == (finding.bound if stated else None)
        assert entry["silence"] == finding.silence


def test_an_encoder_that_tells_all_views_apart_leaves_the_graph_in_pieces():
    findings = made("unit").neighbours
    for finding in findings["HaoChen et al. 2021"]:
        assert finding.bound == np.inf
        assert "360 different views form 120 components" in finding.silence
    (loss_only,) = findings["Saunshi et al. 2022"]
    assert not loss_only.silence
    assert loss_only.bound > 0.5 > loss_only.trivial


def test_an_encoder_of_cells_makes_the_graph_speak():
    result = made("clusters", clusters=12)
    spectral, own = result.neighbours["HaoChen et al. 2021"]
    assert spectral.measured <= spectral.bound
    assert own.measured <= own.bound < result.exact.best.error
    assert not own.silence


def test_the_world_is_that_of_exact_mode(result):
    world = FiniteWorld(result.features, result.features, result.labels)
    assert theories.neighbouring(world) == result.neighbours


def test_beyond_so_many_views_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(theories, "VIEWS_IN_ALL", 100)
    result = made("unit")
    assert result.neighbours == {}
    assert as_json(result, "p")["neighbours"] == []
    assert "left out beyond 20000 views" in page(result)
    assert "left out beyond 20000 views" in report(result)


def test_a_bound_whose_hypotheses_are_not_met_is_not_stated():
    finding = theories.Finding(
        claim="saunshi",
        quantity="error",
        direction="lower",
        bound=0.5,
        measured=None,
        trivial=0.0,
        unmet="views are shared",
    )
    assert neighbours.sentence(finding) == "error; silent, views are shared"
    assert neighbours.as_json({"Nobody": (finding,)})[0]["bound"] is None


def test_what_takes_long_is_left_out_and_said(monkeypatch):
    for module, name in ((theories.haochen, "NODES"), (theories.arora, "SAMPLES"), (theories.wang_isola, "VIEWS")):
        monkeypatch.setattr(module, name, 5)
    monkeypatch.setattr(theories.wang_overlap, "VIEWS", 5)
    findings = made("clusters", clusters=12).neighbours
    for title, own in findings.items():
        for finding in own if title != "Saunshi et al. 2022" else ():
            assert "left out beyond 5" in finding.silence
            assert finding.bound == np.inf


def test_a_bound_is_rounded_to_its_own_side():
    upper, lower = (
        theories.Finding(claim="arora", quantity="q", direction=side, bound=0.12341, measured=0.12341, trivial=0.5)
        for side in ("upper", "lower")
    )
    assert neighbours.sentence(upper) == "q: <= 0.124, measured 0.123"
    assert neighbours.sentence(lower) == "q: >= 0.123, measured 0.123; silent, no better than the trivial bound 0.5"
