"""The results kept in the repository are what the command writes today, and say what their runs say."""

import json

import pytest

from empirical.experiments import __main__ as cli
from empirical.experiments import kept, running, tables
from empirical.experiments.design import EXPERIMENTS, SCALES

RUN = {"history": [], "cpu_seconds": 1.0}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the command writes today, of a grid with one cell."""
    folder = tmp_path_factory.mktemp("written")
    experiment = EXPERIMENTS["factors"]
    cell = experiment.cells(SCALES["embedded"], 0)[0]
    values = dict.fromkeys(experiment.metrics, 0.5)
    runs = [{"group": cell.group, "row": cell.row, "seed": 0, "values": values, **RUN}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "run_all", lambda *_, **__: runs)
        cli.main(["factors", "--out", str(folder), "--quiet"])
    return json.loads((folder / kept.file_name("factors", "embedded")).read_text())


@pytest.mark.parametrize("name", kept.files())
def test_a_kept_result_has_the_schema_of_what_is_written_today(name, written):
    content = kept.load(*_parts(name))
    assert set(content) == set(written)
    assert set(content["made"]) == set(written["made"])
    assert {key for run in content["runs"] for key in run} == set(written["runs"][0])
    assert content["made"]["commit"] is not None
    assert content["made"]["cpu_minutes"] == pytest.approx(sum(r["cpu_seconds"] for r in content["runs"]) / 60)


@pytest.mark.parametrize("name", kept.files())
def test_a_kept_result_says_what_its_runs_say_today(name):
    content = kept.load(*_parts(name))
    experiment, scale = EXPERIMENTS[content["name"]], SCALES[content["scale"]]
    again = json.loads(json.dumps(tables.as_json(experiment, scale.name, content["runs"])))
    assert {key: content[key] for key in again} == again


def _parts(name: str) -> tuple[str, str]:
    """Experiment and scale of a kept file."""
    (parts,) = [(e, s) for e in EXPERIMENTS for s in SCALES if kept.kept_name(e, s) == name]
    return parts


def test_what_is_not_kept_is_named_with_the_command_that_makes_it():
    message = "experiment='strength': no result is kept at scale paper; run python -m empirical experiment strength"
    with pytest.raises(ValueError, match=f"^{message} --scale paper$"):
        kept.load("strength", "paper")


def test_every_experiment_at_every_scale_has_a_file_of_its_own():
    names = [kept.file_name(e, s) for e in EXPERIMENTS for s in SCALES]
    assert len(set(names)) == len(names)
    assert len({kept.kept_name(e, s) for e in EXPERIMENTS for s in SCALES}) == len(names)
