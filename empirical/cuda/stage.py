"""`python -m empirical.cuda.stage NAME REQUEST RESULT`: run one stage in this process and keep what it measures.

Each measured value is in the result file as soon as it is known; an error leaves its traceback there.
"""

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from empirical.cuda.plan import Request
from theory.files import write_json


class Notes:
    """What a stage has measured so far, as a file; values are of plain JSON types."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {}

    def add(self, **values: Any) -> None:
        """Keep these values, in the place of former ones of their names."""
        changed = self.values | values
        write_json(self.path, changed)
        self.values = changed


def main(argv: Sequence[str]) -> int:
    """Run the stage; the exit status, 0 if it ran to its end."""
    stand_ins = importlib.import_module("empirical.cuda.stand_ins")  # before anything that imports a prover
    name, told, kept = argv
    notes = Notes(Path(kept))
    notes.add(without=list(stand_ins.MISSING))
    try:
        stage = importlib.import_module(f"empirical.cuda.{name}")
        request = Request(**json.loads(Path(told).read_text(encoding="utf-8")))
        if not request.rehearsal:
            torch.set_num_threads(os.cpu_count() or 1)  # the views of an audit are made on the CPU
        stage.run(request, notes)
    except Exception as error:
        notes.add(error=f"{type(error).__name__}: {error}", traceback=traceback.format_exc().splitlines())
        traceback.print_exc()
        return 1
    finally:
        notes.add(ended=time.time())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
