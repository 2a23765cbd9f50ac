"""`python -m empirical experiment NAME`: run one of the lecture's experiments and say whether its order holds here.

Under torchrun its processes share each run. Exit status 0: all runs done, whatever the order; 2: bad arguments.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from empirical.experiments import running, tables
from empirical.experiments.design import EXPERIMENTS, SCALES, only
from empirical.training.distributed import process_count, process_rank, processes
from empirical.training.loop import pick_device
from theory.ledger import write_json
from theory.options import OneLineParser, integer


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    parser = OneLineParser(prog="python -m empirical experiment", description=__doc__.splitlines()[0])
    parser.add_argument("name", help=", ".join(EXPERIMENTS))
    parser.add_argument("--scale", default="embedded", help="embedded (minutes, CPU) or paper (a GPU, CIFAR on disk)")
    parser.add_argument(
        "--group", action="append", default=[], help="these groups only (most often a method); repeatable"
    )
    parser.add_argument("--seeds", type=integer, default=3, help="runs per cell (%(default)s)")
    parser.add_argument("--jobs", type=integer, default=1, help="processes (%(default)s)")
    parser.add_argument(
        "--path", action="append", default=[], metavar="DATA=PATH", help="where cifar10, cifar100 lie; may be repeated"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (%(default)s)")
    parser.add_argument("--runs", type=Path, default=Path("build/runs"), help="folder of checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("build/evidence"), help="folder of the result (%(default)s)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_words(argv)
    try:
        if options.name not in EXPERIMENTS:
            raise ValueError(f"{options.name!r} is no experiment: choose one of {', '.join(EXPERIMENTS)}")
        if options.scale not in SCALES:
            raise ValueError(f"--scale {options.scale} is unknown: choose one of {', '.join(SCALES)}")
        for name in ("seeds", "jobs"):
            if getattr(options, name) < 1:
                raise ValueError(f"--{name} {getattr(options, name)}: give 1 or more")
        paths = dict(_place(word) for word in options.path)
        scale = SCALES[options.scale]
        experiment = only(EXPERIMENTS[options.name], scale, options.group)
        with processes(pick_device(options.device)):
            if options.jobs > 1 and process_count() > 1:
                raise ValueError(
                    f"--jobs {options.jobs} within torchrun: its processes share each run; leave --jobs at 1"
                )
            first = process_rank() == 0
            found = running.run_all(
                experiment,
                scale,
                range(options.seeds),
                jobs=options.jobs,
                paths=paths,
                runs=options.runs,
                out=options.runs.parent / "experiments",
                device=options.device,
                progress=first and not options.quiet,
            )
    except ValueError as error:
        parser.error(str(error))
    if not first:
        return 0
    target = options.out / f"experiment-{experiment.name}.json"
    write_json(target, tables.as_json(experiment, scale.name, found))
    print(tables.text(experiment, scale.name, found))
    print(f"\nwritten to {target}")
    return 0


def _place(word: str) -> tuple[str, Path]:
    name, equals, path = word.strip().partition("=")
    if not (name and equals and path):
        raise ValueError(
            f"--path {word.strip()!r} is not DATA=PATH; give for example cifar10=data/cifar-10-python.tar.gz"
        )
    return name, Path(path)


if __name__ == "__main__":
    sys.exit(main())
