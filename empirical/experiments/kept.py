"""Where results lie: those that a command wrote, and those that took hours and are kept in empirical/results.

A kept result is evidence like that in build/evidence, where one of the same name and scale has precedence over it.
"""

import json
from collections.abc import Sequence
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any


def file_name(experiment: str, scale: str) -> str:
    """What the command calls its result at a scale, in build/evidence."""
    return f"experiment-{experiment}.json" if scale == "embedded" else f"experiment-{experiment}-{scale}.json"


def files(name: str) -> dict[str, Path]:
    """The kept results of an experiment, or of another command, by their scale: NAME-SCALE.json."""
    return {file.removeprefix(f"{name}-"): path for file, path in names().items() if file.startswith(f"{name}-")}


def names() -> dict[str, Path]:
    """Every kept result by the name of its file, NAME-SCALE, in alphabetical order."""
    folder = Path(str(resources.files("empirical.results")))
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


def made(name: str, scale: str) -> dict[str, Any] | None:
    """When, where and at what cost the result of this scale was made; None where none is kept that tells."""
    path = files(name).get(scale)
    provenance: dict[str, Any] | None = None if path is None else json.loads(path.read_bytes()).get("made")
    return provenance


def words(command: str, **options: Any) -> list[str]:
    """The words of a command with these options, a list for one of several values; None: not given.

    A result says by them, in `made`, what makes it again: all options that decide it, but not where its data lie.
    """
    given = {name.replace("_", "-"): value for name, value in options.items() if value is not None}
    values = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    return [command, *(word for name, several in values.items() for word in (f"--{name}", *map(str, several)))]


def command(path: Path, places: Sequence[str] = ()) -> list[str]:
    """The words of the command that makes this kept result; places: DATA=PATH for data that lie on the disk."""
    made_by: list[str] = json.loads(path.read_bytes())["made"]["command"]
    if made_by[0] == "experiment":
        return [*made_by, "--jobs", "2", *(word for place in places for word in ("--path", place))]
    place = dict(place.partition("=")[::2] for place in places).get(dict(pairwise(made_by)).get("--data", ""))
    return made_by if place is None else [*made_by, "--path", place]
