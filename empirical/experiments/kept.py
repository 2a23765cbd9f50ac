"""Where results lie: those that a command wrote, and those that took hours and are kept in empirical/results.

A kept result is evidence like that in build/evidence, where one of the same name and scale has precedence over it.
"""

import json
from collections.abc import Sequence
from importlib import resources
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


def command(path: Path, places: Sequence[str] = ()) -> list[str]:
    """The words of the command that makes this kept result; places: DATA=PATH for data that lie on the disk."""
    content = json.loads(path.read_bytes())
    if "classes" in content:
        setting = content["setting"]
        data = setting["data"].split("-")[0]
        options = {"data": data, "n": setting["n"], "n-views": setting["views"]}
        options |= {"seed": setting["seed"], "nodes": setting["nodes"]}
        paths = dict(place.partition("=")[::2] for place in places)
        if data in paths:
            options["path"] = paths[data]
        return ["class-frontiers", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]
    if "boxes" in content:
        return ["proof-cost", "--n", str(content["setting"]["images"]), "--cells", str(content["setting"]["cells"])]
    if "setting" in content:
        return ["concentration", "--data", content["setting"]["data"]]
    if "maps" in content:
        return ["embedding", "--scale", content["scale"], "--seed", str(content["seed"])]
    runs = content["runs"]
    groups = [word for group in dict.fromkeys(run["group"] for run in runs) for word in ("--group", group)]
    seeds = str(len({run["seed"] for run in runs}))
    disk = [word for place in places for word in ("--path", place)]
    return ["experiment", content["name"], "--scale", content["scale"], *groups, "--seeds", seeds, "--jobs", "2", *disk]
