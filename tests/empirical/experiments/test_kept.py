"""The results kept in the repository are what the command writes today, and say what their runs say."""

import json

import pytest

from empirical.experiments import __main__ as cli
from empirical.experiments import kept, running, tables
from empirical.experiments.design import EXPERIMENTS, SCALES

KEPT = [path for experiment in EXPERIMENTS for path in kept.files(experiment).values()]
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


def made_again(content):
    """The words of the command, read off the runs."""
    runs = content["runs"]
    groups = [word for group in dict.fromkeys(run["group"] for run in runs) for word in ("--group", group)]
    seeds = str(1 + max(run["seed"] for run in runs))
    return ["experiment", content["name"], "--scale", content["scale"], *groups, "--seeds", seeds]


def test_a_result_says_which_command_makes_it(written):
    assert written["made"]["command"] == made_again(written)
    assert written["made"]["command"][-4:] == ["--group", "abcd", "--seeds", "1"]


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_result_has_the_schema_of_what_is_written_today(path, written):
    content = json.loads(path.read_text())
    assert path.stem == f"{content['name']}-{content['scale']}"
    assert set(content) == set(written)
    assert set(content["made"]) == set(written["made"])
    assert {key for run in content["runs"] for key in run} == set(written["runs"][0])
    assert content["made"]["commit"] is not None
    assert content["made"]["command"] == made_again(content)
    assert content["made"]["cpu_minutes"] == pytest.approx(sum(r["cpu_seconds"] for r in content["runs"]) / 60)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
def test_a_kept_result_says_what_its_runs_say_today(path):
    content = json.loads(path.read_text())
    experiment, scale = EXPERIMENTS[content["name"]], SCALES[content["scale"]]
    again = json.loads(json.dumps(tables.as_json(experiment, scale.name, content["runs"])))
    assert {key: content[key] for key in again} == again


def test_every_experiment_at_every_scale_has_a_file_of_its_own():
    names = [kept.file_name(e, s) for e in EXPERIMENTS for s in SCALES]
    assert len(set(names)) == len(names)
