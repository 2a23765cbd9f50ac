"""Whether the asserted order holds is counted as by hand, and the kept result is what the command gathers today."""

import json

import pytest

from empirical.experiments import kept
from empirical.experiments.class_frontiers import gathered
from figures.class_frontiers import verdicts


def document(first, second):
    """One class of ten images; first, second: (low, high) number of images in the main part at each delta."""
    sets = {
        name: {end: [pair[i] for pair in pairs] for i, end in enumerate(("low", "high"))}
        for name, pairs in (("ad", first), ("ac", second))
    }
    deltas = list(range(len(first)))
    return {"setting": {"n": 10}, "classes": {"cat": {"deltas": deltas, "sets": sets}}}


def test_each_verdict_is_counted_once():
    first = [(6, 7), (5, 5), (2, 3), (4, 6)]
    second = [(4, 5), (5, 5), (4, 4), (5, 5)]
    assert verdicts(document(first, second), "ad", "ac") == {"holds": 1, "equal": 1, "reversed": 1, "open": 1}


def test_where_nothing_or_everything_is_in_the_main_part_nothing_is_counted():
    world = document([(1, 1), (10, 10), (1, 1)], [(1, 1), (10, 10), (2, 2)])
    assert verdicts(world, "ad", "ac") == {"holds": 0, "equal": 0, "reversed": 1, "open": 0}


@pytest.mark.parametrize("path", kept.files("class-frontiers").values(), ids=lambda path: path.stem)
def test_a_kept_result_has_the_form_of_what_is_gathered_today(path):
    content = json.loads(path.read_text())
    setting = {"class": "cat", "set": "ad", "n": 4, **dict.fromkeys(("data", "views", "seed", "nodes"), 1)}
    made = {key: content["made"][key] for key in ("date", "commit", "versions", "machine")}
    one = {"setting": setting, "made": made, "deltas": [0.0], "sigma_low": [0.25], "sigma_high": [0.5]}
    today = gathered([one | {"mean_width": 0.0, "cpu_seconds": {"views": 60.0}}], ["class-frontiers"])
    assert content.keys() == today.keys()
    assert content["setting"].keys() == today["setting"].keys()
    assert content["made"].keys() == today["made"].keys()
    assert today["made"]["cpu_minutes"] == 1
    assert today["classes"]["cat"]["sets"]["ad"]["low"] == [1]
    for of_class in content["classes"].values():
        for bounds in of_class["sets"].values():
            assert bounds.keys() == today["classes"]["cat"]["sets"]["ad"].keys()
            assert len(bounds["low"]) == len(bounds["high"]) == len(of_class["deltas"])
            assert all(
                0 < low <= high <= content["setting"]["n"]
                for low, high in zip(bounds["low"], bounds["high"], strict=True)
            )
