"""Where results lie: those that a command wrote, and those that took hours and are kept in empirical/results.

A kept result is evidence like that in build/evidence, where one of the same name and scale has precedence over it.
"""

from importlib import resources
from pathlib import Path


def file_name(experiment: str, scale: str) -> str:
    """What the command calls its result at a scale, in build/evidence."""
    return f"experiment-{experiment}.json" if scale == "embedded" else f"experiment-{experiment}-{scale}.json"


def files(name: str) -> dict[str, Path]:
    """The kept results of an experiment, or of another command, by their scale: NAME-SCALE.json."""
    folder = Path(str(resources.files("empirical.results")))
    return {path.stem.removeprefix(f"{name}-"): path for path in sorted(folder.glob(f"{name}-*.json"))}
