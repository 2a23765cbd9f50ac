"""Steps about means and norms: each holds, and an edit of its own formula would not."""

from pathlib import Path
from types import ModuleType

import pytest

from theory import averages

STEPS = {
    "at most": lambda steps: steps.at_most(""),
    "at least": lambda steps: steps.at_least(""),
    "mean": lambda steps: steps.mean_at_most(""),
    "Markov": lambda steps: steps.markov(),
    "Jensen": lambda steps: steps.jensen(""),
    "variance": lambda steps: steps.variance(),
    "triangle": lambda steps: steps.triangle(),
}


@pytest.mark.parametrize("step", STEPS)
def test_it_holds(step):
    assert STEPS[step](averages).holds


BROKEN = {  # step: an edit of its source that makes it false
    "at most": ("total + term <= (k + 1) * t", "total + term <= k * t"),
    "at least": ("total + term >= (k + 1) * t", "total + term >= (k + 2) * t"),
    "mean": (
        "w >= 0, w <= 1],\n        w * mean + (1 - w) * last <= most",
        "w >= 0],\n        w * mean + (1 - w) * last <= most",
    ),
    "Markov": ("(w * share + (1 - w) * far) * t", "(w * share + far) * t"),
    "Jensen": ("mean * mean <= square]", "mean <= square]"),
    "variance": ("2 * expectation", "3 * expectation"),
    "triangle": ("inner <= p * q", "inner <= 2 * p * q"),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_edit_breaks_it(step):
    source, (old, new) = Path(averages.__file__).read_text(encoding="utf-8"), BROKEN[step]
    assert source.count(old) == 1
    edited = ModuleType("edited")
    exec(source.replace(old, new), edited.__dict__)
    assert STEPS[step](edited).holds is False
