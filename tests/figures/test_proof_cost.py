"""The cost of proofs: drawn from what was measured, kept in today's form, and not on the main page of the report."""

import json

import pytest

from empirical.experiments import kept
from empirical.experiments.proof_cost import PARTS, SHARES
from figures import registry, report
from figures.class_frontiers import PARTS as CLASS_FRONTIERS
from figures.proof_cost import PART, PROOF_COST, by_dimension, caption, data


def document():
    """Two boxes of two parameters and one of three, of two images."""
    boxes = [(3, 1.0, 8.0), (2, 1.0, 4.0), (2, 0.5, 1.0)]
    return {
        "setting": {"images": 2, "data": "digits", "weights_sha256": "a" * 64, "cells": 9},
        "made": {"machine": {"cpu": "a processor"}},
        "boxes": [
            {
                "parameters": parameters,
                "share": share,
                "statuses": ["proved", "open"],
                "cells": [3, 9],
                "cpu_seconds": [seconds, 3 * seconds],
            }
            for parameters, share, seconds in boxes
        ],
    }


def test_medians_and_shares_are_drawn_by_dimension():
    assert {d: [box["share"] for box in boxes] for d, boxes in by_dimension(document()).items()} == {
        2: [0.5, 1],
        3: [1],
    }
    figure = PART.draw(document())
    left, right = figure.axes
    assert [line.get_ydata().tolist() for line in left.lines] == [[2, 8], [16]]
    assert [line.get_ydata().tolist() for line in right.lines] == [[0.5, 0.5], [0.5]]
    assert [row["cpu_seconds"] for row in data(document())] == [8, 24, 4, 12, 1, 3]
    assert "of the whole box, 1 proved, 0 refuted, 1 open." in caption(document())


def test_it_is_a_figure_and_no_section_of_the_main_page():
    parts = registry.parts()
    assert PART in parts
    documents = {files: {"": {}} for files in registry.inputs(parts)}
    sections = report.on_main_page(parts, documents)
    assert PART.section not in sections
    assert CLASS_FRONTIERS[0].section in sections


@pytest.mark.parametrize("path", kept.files("proof-cost").values(), ids=lambda path: path.stem)
def test_a_kept_result_has_the_form_of_today(path):
    content = json.loads(path.read_text())
    n = content["setting"]["images"]
    assert [(box["parts"], box["share"]) for box in content["boxes"]] == [(list(p), s) for p in PARTS for s in SHARES]
    for box in content["boxes"]:
        assert len(box["statuses"]) == len(box["cells"]) == len(box["cpu_seconds"]) == n
        assert set(box["statuses"]) <= {"proved", "refuted", "open"}
        assert max(box["cells"]) <= content["setting"]["cells"]
    assert kept.command(path)[0] == "proof-cost"
    assert PROOF_COST.cost.endswith("minutes")
