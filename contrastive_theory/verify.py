"""`contrastive-theory verify`: run every stage that has to run; see `contrastive_theory.stages`."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from contrastive_theory import __main__ as console
from contrastive_theory.stages import STAGES, inputs, keep, why
from empirical.experiments import kept
from theory.checks import check_choice
from theory.command import NAME, OneLineParser

AFRESH = Path("build/recompute")
"""Checkpoints of what is made afresh, as long as it is not finished."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages in order; returns the status of the first that does not end with 0, else 0."""
    stages, results = [stage.name for stage in STAGES], kept.names()
    parser = OneLineParser("verify", description=f"Run every stage, in order: {'; '.join(s.command for s in STAGES)}.")
    parser.add_argument(
        "--recompute",
        nargs="+",
        default=[],
        metavar="NAME",
        help=f"afresh, though nothing has changed: stages ({', '.join(stages)}) or kept results ({', '.join(results)})",
    )
    parser.add_argument(
        "--path", action="append", default=[], metavar="DATA=PATH", help="data on the disk, for a kept experiment"
    )
    options = parser.parse_words(argv)
    try:
        for name in options.recompute:
            check_choice("--recompute", name, [*stages, *results])
    except ValueError as error:
        parser.error(str(error))
    for name in sorted(results.keys() & options.recompute):
        status = _afresh(name, kept.command(results[name], options.path))
        if status:
            return status
    skipped = []
    for stage in STAGES:
        made_from, words = inputs(stage), stage.command.split()
        reason = why(stage, made_from)
        if stage.name not in options.recompute and reason is None:
            skipped.append(stage.name)
            continue
        status = _afresh(stage.name, words) if stage.name in options.recompute else _run(words, str(reason))
        if status:
            return status
        keep(stage, made_from)
    if skipped:
        _say(
            f"verify: skipped {', '.join(skipped)}: code, options, packages, data, evidence and results are as they were "
            "after the last run; --recompute NAME makes one afresh"
        )
    return 0


def _afresh(name: str, words: Sequence[str]) -> int:
    """Run a command, and train from nothing if it trains; what was killed resumes when it is asked for again."""
    folder = AFRESH / name
    trains = words[0] in ("train", "cluster", "experiment", "embedding")
    status = _run([*words, "--runs", str(folder / "runs")] if trains else words, "asked for")
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _run(words: Sequence[str], reason: str) -> int:
    _say(f"{shlex.join(words)}  # {reason}")
    return console.main(words)


def _say(text: str) -> None:
    print(f"{NAME} {text}", file=sys.stderr, flush=True)
