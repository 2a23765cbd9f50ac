"""Evidence from every stage, small, for all tests of the report."""

import pytest

from empirical import __main__ as empirical
from empirical.audit import __main__ as audit
from simulate import __main__ as simulate
from theory import __main__ as theory


@pytest.fixture(scope="session")
def evidence(tmp_path_factory):
    root = tmp_path_factory.mktemp("report")
    out = root / "evidence"
    assert theory.main(["--out", str(out)]) == 0
    assert simulate.main(["--out", str(out)]) == 0
    words = "--data digits --epochs 1 --train-size 300 --samples-per-class 4 --n-views 2 --quiet --device cpu"
    assert empirical.main([*words.split(), "--runs", str(root / "runs"), "--out", str(out)]) == 0
    words = (
        "--encoder sklearn.random_projection:GaussianRandomProjection --head clusters --n-views 2 --quiet --device cpu"
    )
    options = [
        "--arguments",
        '{"n_components": 8, "random_state": 0}',
        "--out",
        str(root / "audit"),
        "--evidence",
        str(out),
    ]
    assert audit.main([*words.split(), *options]) == 0
    return out
