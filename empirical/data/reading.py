"""What a command that trains reads: data of any kind, brought to one size, and the name of its results."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from empirical.data.imagefiles import folder_sizes
from empirical.data.sets import NAMES, Dataset, fingerprint, load
from theory.checks import check_choice
from theory.command import OneLineParser, integer

COMMON_SIDE = 32
"""Pixels to which images of several sizes are brought, where all of them have so many."""
LARGEST_SIDE = 256
"""Images of one size keep it up to so many pixels; the networks here are made for 16 and 32."""


@dataclass(frozen=True)
class Reading:
    """What was read.

    side    given, or chosen for images of several sizes; None: the images keep their size
    name    of results: the data set's own where it is embedded, else with the first digits of the data's fingerprint, so
            that no two folders share a result
    notes   what was chosen for the user, one line each
    """

    data: Dataset
    side: int | None
    name: str
    notes: tuple[str, ...]


def add_data_options(parser: OneLineParser, default: str) -> None:
    """The options that name data, --data, --path and --side, for `read_named`."""
    parser.share("data", default=default, help=f"{', '.join(NAMES)} (%(default)s)")
    parser.share("path")
    parser.add_argument("--side", type=integer, help="scale images to so many pixels a side (32 if sizes differ)")


def read_named(options: argparse.Namespace, train_size: int | None = None) -> Reading:
    """Read what the options of `add_data_options` name, with the seed of the command."""
    check_choice("--data", options.data, NAMES)
    return read(options.data, options.path, options.seed, options.side, train_size)


def read(name: str, path: Path | None, seed: int, side: int | None = None, train_size: int | None = None) -> Reading:
    """Load a data set for a command, as `sets.load` does; the images of a folder get a common side where they need one."""
    notes = []
    if name == "folder" and path is not None and side is None:
        sizes = folder_sizes(path)
        largest, smallest = max(map(max, sizes), default=0), min(map(min, sizes), default=0)
        if len(sizes) > 1 or largest > LARGEST_SIDE:
            side = max(1, min(COMMON_SIDE, smallest))
            extent = f"of {len(sizes)} sizes" if len(sizes) > 1 else f"of {largest} pixels"
            notes.append(f"images {extent} scaled to {side}x{side} pixels; --side sets another")
    data = load(name, seed=seed, train_size=train_size, path=path, side=side)
    return Reading(data, side, result_name(data, path), tuple(notes))


def result_name(data: Dataset, path: Path | None) -> str:
    """What results on these data are called: `Reading.name`."""
    return data.name if path is None else f"{data.name}-{fingerprint(data)[:8]}"
