"""`contrastive-theory COMMAND ...`: every command of the project; without arguments, their list."""

import importlib
import os
import sys
from collections.abc import Callable, Sequence

from theory.command import NAME, OneLineParser, exit_status
from theory.messages import nearest

COMMANDS = {
    "verify": (
        "contrastive_theory.verify:main",
        "run every stage that has to run: claims, simulation, training, audit, report",
    ),
    "claims": ("theory.__main__:main", "prove or refute every claim of the ledger"),
    "counterexample": ("simulate.counterexample:main", "Example 1: tiny alignment loss, risk 1/4 on a shifted domain"),
    "simulate": ("simulate.__main__:main", "hold every closed form against Monte Carlo"),
    "circle": ("simulate.circle.__main__:main", "Theorem 1 on classes on a circle, in closed form"),
    "gaussian": ("simulate.gaussian:main", "sigma(delta) of Gaussian classes, in closed form"),
    "remedy": ("simulate.remedy:main", "what the augmentation-robust loss does to Example 1"),
    "train": ("empirical.__main__:main", "train an encoder, measure it, hold it against Theorem 1"),
    "cluster": ("empirical.training.clustering:main", "train a discretising encoder without labels"),
    "audit": ("empirical.audit.__main__:main", "certify the error of any encoder, and say what blocks the rest"),
    "check": ("empirical.audit.__main__:check_main", "verify a certificate from its features"),
    "experiment": ("empirical.experiments.__main__:main", "run one of the lecture's experiments"),
    "concentration": ("empirical.experiments.view_sets:main", "sigma(delta) of view sets beside measured errors"),
    "class-frontiers": (
        "empirical.experiments.class_frontiers:main",
        "sigma(delta) of whole classes under many view sets",
    ),
    "embedding": ("empirical.experiments.embedding:main", "map test images by encoders of poor and rich views"),
    "proof-cost": (
        "empirical.experiments.proof_cost:main",
        "CPU seconds of proving every view, by size and dimension of the box",
    ),
    "figures": (
        "figures.__main__:draw_main",
        "draw every figure and table from the evidence, for a paper or the screen",
    ),
    "report": ("figures.__main__:main", "write the report and its figures from the evidence"),
}
"""Command: where its function lies, and what it does; a stage of `verify` is one of them with its options."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that the first word names; returns its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help"):
        print(listing())
        return 0
    command, rest = words[0], words[1:]
    parser = OneLineParser("")
    if command.startswith("-"):
        parser.parse_words(words)  # --version; any other option is unknown
    if command not in COMMANDS:
        parser.error(f"command={command}: unknown; {nearest(command, COMMANDS)} choose one of {', '.join(COMMANDS)}")
    return function(COMMANDS[command][0])(rest)


def listing() -> str:
    """Every command and what it does, aligned."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    head = f"usage: {NAME} COMMAND [options], or {NAME} --version"
    return "\n".join([head, "", *lines, "", f"{NAME} COMMAND --help shows the options of a command."])


def function(place: str) -> Callable[[Sequence[str]], int]:
    """The function that "module:name" names; imported now, so that a short command stays fast."""
    module, _, name = place.partition(":")
    command: Callable[[Sequence[str]], int] = getattr(importlib.import_module(module), name)
    return command


def entry() -> int:
    """The console command."""
    for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # thread pools slow down processes that share the cores
        os.environ.setdefault(pool, "1")
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # worker processes take no module from the folder they start in
    return exit_status(main)


if __name__ == "__main__":
    sys.exit(entry())
