"""sigma(delta) of whole classes: what is written is the frontier of the views drawn, and is written once."""

import json

import numpy as np
import pytest

from empirical.data.sets import load
from empirical.experiments import class_frontiers
from empirical.experiments.class_frontiers import SETS, main
from empirical.views.protocol import finite_views
from theory.concentration import augmented_distances, main_part

WORDS = ["--data", "fashion", "--classes", "T-shirt/top", "--sets", "ad", "f 0.5", "--n", "12", "--n-views", "3"]


def read(folder):
    return {path.name: json.loads(path.read_text()) for path in sorted(folder.glob("sigma-*.json"))}


def test_every_delta_has_the_main_part_of_the_views_drawn(tmp_path, capsys):
    assert main([*WORDS, "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("mean width 0.0000%") == 2
    results = read(tmp_path)
    assert set(results) == {"sigma-T-shirt-top-ad-12.json", "sigma-T-shirt-top-f-0.5-12.json"}
    data = load("fashion", seed=0)
    images = data.train_images[(data.train_labels == 0).nonzero()[:12, 0]]
    for letters, result in zip(("ad", "f 0.5"), results.values(), strict=True):
        assert result["exact"]
        assert result["sigma_low"] == result["sigma_high"]
        distances = augmented_distances(finite_views(images, SETS[letters], 3, 0).flatten(2).numpy())
        for delta, sigma in list(zip(result["deltas"], result["sigma_low"], strict=True))[::40]:
            assert sigma == main_part(distances, delta).lower / 12
        assert (np.diff(result["sigma_low"]) >= 0).all()
        assert result["sigma_low"][0] < 1 == result["sigma_low"][-1]
    together = json.loads((tmp_path / "class-frontiers.json").read_text())
    assert together["setting"] == {"data": "fashion", "n": 12, "views": 3, "seed": 0, "nodes": 2_000_000}
    of_class = together["classes"]["T-shirt/top"]
    for letters, result in zip(("ad", "f 0.5"), results.values(), strict=True):
        assert of_class["deltas"] == result["deltas"]
        assert [count / 12 for count in of_class["sets"][letters]["high"]] == result["sigma_high"]
    settings = ["--seed", "0", "--nodes", "2000000"]
    assert together["made"]["command"] == ["class-frontiers", *WORDS[:2], *WORDS[7:], *settings, *WORDS[2:7]]
    assert together["made"]["cpu_minutes"] * 60 == pytest.approx(
        sum(sum(result["cpu_seconds"].values()) for result in results.values())
    )


def test_what_is_there_is_not_computed_again_and_never_replaced_by_another_setting(tmp_path, capsys, monkeypatch):
    words = [*WORDS[:5], "ad", *WORDS[7:], "--out", str(tmp_path)]
    assert main(words) == 0
    monkeypatch.setattr(class_frontiers, "class_frontier", lambda *_: pytest.fail("computed again"))
    assert main(words) == 0
    assert capsys.readouterr().out.count("is there") == 1
    for option in (["--seed", "1"], ["--side", "8"]):
        with pytest.raises(SystemExit) as stop:
            main([*words, *option])
        assert stop.value.code == 2
        assert (
            "sigma-T-shirt-top-ad-12.json there is of another setting; give another folder" in capsys.readouterr().err
        )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--classes", "Shoe"], "--classes"),
        (["--sets", "xy"], "--sets"),
        (["--n", "501"], "--n=501: class T-shirt/top has 500 training images; give at most these"),
    ],
)
def test_bad_values_are_named(words, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--data", "fashion", "--out", str(tmp_path), *words])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
