"""Results of experiments that took hours: kept in empirical/results, as the command wrote them.

They are evidence like that in build/evidence, where an experiment of the same name and scale has precedence over them.
"""

from importlib import resources
from pathlib import Path
from typing import Any

from theory.digests import read_evidence


def file_name(experiment: str, scale: str) -> str:
    """What the command calls its result at a scale, in build/evidence."""
    return f"experiment-{experiment}.json" if scale == "embedded" else f"experiment-{experiment}-{scale}.json"


def kept_name(experiment: str, scale: str) -> str:
    """What the same result is called where it is kept."""
    return f"{experiment}-{scale}.json"


def command(experiment: str, scale: str) -> str:
    """What makes the result afresh."""
    return f"python -m empirical experiment {experiment} --scale {scale}"


def files() -> dict[str, Path]:
    """The kept results by their file names, in alphabetical order."""
    folder = Path(str(resources.files("empirical.results")))
    return {path.name: path for path in sorted(folder.glob("*.json"))}


def load(experiment: str, scale: str) -> dict[str, Any]:
    """The kept result of one experiment. ValueError, with the command that makes it, where there is none or it was edited."""
    path = files().get(kept_name(experiment, scale))
    if path is None:
        raise ValueError(
            f"experiment={experiment!r}: no result is kept at scale {scale}; run {command(experiment, scale)}"
        )
    content: dict[str, Any] = read_evidence(path, f"run {command(experiment, scale)}")
    return content
