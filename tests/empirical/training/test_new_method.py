"""A method is one new file: it appears in the list and in the command, trains, and is named by its own code."""

import math
import shutil
import sys
from pathlib import Path

import pytest

from tests.fresh import fresh_packages

ROOT = Path(__file__).resolve().parents[3]

ATTRACTION = '''
"""Views attract each other; nothing repels."""

from dataclasses import dataclass, field
from typing import ClassVar

from empirical.training.methods import Head, Learner, encode


@dataclass(frozen=True)
class Attraction:
    settings: ClassVar[dict[str, object]] = {"batch_size": 32}
    name: str = field(default="attraction", init=False)
    views: int = 3
    widths: tuple[int, ...] = (16, 8)

    @property
    def head(self):
        return Head(self.widths, norm=True, final_norm=True)

    def learner(self, encoder):
        return AttractionLearner(encoder)


class AttractionLearner(Learner):
    def forward(self, views):
        return encode(self.encoder, views).var(dim=1).mean()


PRESETS = {"attraction": Attraction(), "attraction-of-five": Attraction(views=5)}
'''

SCRIPT = """
import contextlib, importlib, io
import torch
from empirical import provenance
from empirical.data.sets import load
from empirical.training import loop, methods

folder = tree / "empirical" / "training"


def keys():
    for cached in (provenance._tree, provenance._direct, provenance._code, methods._presets):
        cached.cache_clear()
    importlib.invalidate_caches()
    configs = {name: loop.TrainingConfig.for_method(method) for name, method in methods.METHODS.items()}
    return {name: config.key() for name, config in configs.items()}


def edited(path):
    path.write_text(path.read_text() + "\\nEDITED = True\\n")
    return keys()


result = {"before": keys()}
(folder / "methods" / "attraction.py").write_text(source)
result["added"] = keys()
result["simclr"] = edited(folder / "methods" / "simclr.py")
result["own"] = edited(folder / "methods" / "attraction.py")
result["objectives"] = edited(folder / "objectives.py")

from empirical.__main__ import main


def said(*words):
    with contextlib.redirect_stdout(io.StringIO()) as text, contextlib.redirect_stderr(text):
        with contextlib.suppress(SystemExit):
            main(list(words))
    return " ".join(text.getvalue().split())


result["help"] = said("--help")
result["unknown"] = said("--method", "repulsion", "--data", "digits")
result["known"] = said("--method", "attraction", "--data", "digits", "--train-size", "7")

method = methods.METHODS["attraction"]
config = loop.TrainingConfig.for_method(method, dataset="digits", epochs=1, train_size=40)
run = loop.train(config, load("digits", train_size=40), torch.device("cpu"), out / "runs", progress=False)
result["loss"], result["config"] = run.history[-1]["loss"], config.description()
result["folder"] = run.folder.name
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """What a copy of the program does as one file is added to it, and others are edited."""
    tree, out = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("out")
    for package in ("theory", "empirical"):
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    names = {"tree": tree, "out": out, "source": ATTRACTION}
    with pytest.MonkeyPatch.context() as patch, fresh_packages():
        patch.syspath_prepend(tree)
        patch.setattr(sys, "dont_write_bytecode", True)
        exec(SCRIPT, names)
        assert Path(names["loop"].__file__).is_relative_to(tree)
    return names["result"]


def differing(result, earlier, later):
    """The methods whose key is another one."""
    return {name for name, key in result[later].items() if result[earlier].get(name) != key}


NEW = {"attraction", "attraction-of-five"}


def test_a_new_file_adds_its_methods_and_changes_no_other_key(result):
    assert list(result["added"])[:7] == list(result["before"])[:7]
    assert list(result["added"])[7:] == ["attraction", "attraction-of-five", "barlow-twins", "simsiam"]
    assert differing(result, "before", "added") == NEW
    assert len(set(result["added"].values())) == len(result["added"])


def test_an_edited_method_changes_its_own_keys_and_a_shared_loss_changes_all(result):
    assert differing(result, "added", "simclr") == {"simclr", "simclr-arcl", "simclr-aal", "t-simclr"}
    assert differing(result, "simclr", "own") == NEW
    assert differing(result, "own", "objectives") == set(result["added"])


def test_the_command_lists_and_takes_it(result):
    assert "moco-aal, attraction, attraction-of-five, barlow-twins" in result["help"]
    assert "--method=repulsion" in result["unknown"]
    assert "attraction-of-five" in result["unknown"]
    assert "train_size=7" in result["known"], "the method is taken, and the next word is looked at"


def test_it_trains_with_its_own_settings_under_its_own_key(result):
    assert result["config"]["method"] == {"name": "attraction", "views": 3, "widths": [16, 8]}
    assert result["config"]["batch_size"] == 32
    assert 0 < result["loss"] < math.inf
    assert result["folder"].endswith("-cpu")
