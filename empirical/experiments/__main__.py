"""`python -m empirical experiment NAME`: run one of the lecture's experiments and say whether its order holds here.

Under torchrun its processes share each run. Exit status 0: all runs done, whatever the order; others: see `theory.command`.
"""

if __name__ == "__main__":
    from theory.command import launch

    launch("empirical.experiments.__main__")


import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from empirical.experiments import kept, running, tables
from empirical.experiments.design import EXPERIMENTS, SCALES, Scale, only
from empirical.machine import made
from empirical.training.distributed import process_count, process_rank, processes
from empirical.training.loop import pick_device
from theory.checks import check_choice
from theory.command import OneLineParser, at_least, integer, output_folder, show_progress
from theory.digests import write_evidence


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser("experiment", description="Run one of the lecture's experiments: does its order hold here?")
    parser.add_argument("name", help=", ".join(EXPERIMENTS))
    parser.add_argument(
        "--scale",
        default="embedded",
        help="embedded (minutes, CPU), cifar-cpu (5 minutes a run) or paper (a GPU); the last two read CIFAR from the disk",
    )
    parser.add_argument(
        "--group", action="append", default=[], help="these groups only (most often a method); repeatable"
    )
    parser.add_argument("--seeds", type=integer, default=3, help="runs per cell (%(default)s)")
    parser.share(
        "path",
        type=str,
        action="append",
        default=[],
        metavar="DATA=PATH",
        help="where cifar10, cifar100, or CIFAR-10 as folder=... or npz=..., lie on the disk; may be repeated",
    )
    parser.share("jobs", "device", "runs", "out", "json", "quiet")
    options = parser.parse_words(argv)
    try:
        check_choice("experiment", options.name, EXPERIMENTS)
        check_choice("--scale", options.scale, SCALES)
        at_least(options, seeds=1, jobs=1)
        paths = dict(_place(word) for word in options.path)
        scale = SCALES[options.scale].read_from(paths)
        experiment = only(EXPERIMENTS[options.name], scale, options.group)
        output_folder("--runs", options.runs)
        target = output_folder("--out", options.out) / kept.file_name(experiment.name, scale.name)
        with processes(pick_device(options.device)):
            if options.jobs > 1 and process_count() > 1:
                raise ValueError(
                    f"--jobs={options.jobs}: the processes of torchrun share each run already; leave --jobs at 1"
                )
            first = process_rank() == 0
            runs = running.run_all(
                experiment,
                scale,
                range(options.seeds),
                jobs=options.jobs,
                paths=paths,
                runs=options.runs,
                out=options.runs.parent / "experiments",
                device=options.device,
                progress=first and show_progress(options),
            )
    except ValueError as error:
        parser.error(str(error))
    if not first:
        return 0
    content = tables.as_json(experiment, scale.name, runs) | {"made": _made(experiment.name, scale, runs)}
    write_evidence(target, content)
    text = tables.text(experiment, scale.name, runs)
    print(json.dumps(content, indent=1) if options.json else f"{text}\n\nwritten to {target}")
    return 0


def _made(name: str, scale: Scale, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How the runs were made, with their data and settings."""
    groups = [word for group in dict.fromkeys(run["group"] for run in runs) for word in ("--group", group)]
    return {
        "dataset": " from ".join(dict.fromkeys((SCALES[scale.name].dataset, scale.dataset))),
        "settings": scale.settings,
        **made(sum(run["cpu_seconds"] for run in runs)),
        "command": [
            "experiment",
            name,
            "--scale",
            scale.name,
            *groups,
            "--seeds",
            str(len({run["seed"] for run in runs})),
        ],
    }


def _place(word: str) -> tuple[str, Path]:
    name, equals, path = word.strip().partition("=")
    if not (name and equals and path):
        raise ValueError(
            f"--path {word.strip()!r} is not DATA=PATH; give for example cifar10=data/cifar-10-python.tar.gz"
        )
    return name, Path(path)
