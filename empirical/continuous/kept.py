"""Verdicts that are written down as they fall, so that a search which was stopped goes on where it stood.

Each lies in a file of its own, named by all that decides it: network, image, box, budget, and the code of the search and of
the views. After an edit of that code no image is answered with an old verdict.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from empirical.continuous.certificate import stored_nodes, stored_weights
from empirical.continuous.geometry import Box
from empirical.continuous.network import Plain
from empirical.continuous.search import Verdict, verify_one
from empirical.provenance import source_digest
from empirical.views.boxes import kinds
from theory.files import write_text


def kept_verdict(runs: Path, network: Plain, image: Tensor, box: Box, budget: int) -> Verdict:
    """`verify_one`, from the file that an earlier call has written below the folder `runs`, or else into it.

    Raises ValueError, with the remedy, for a file that is not as it was written.
    """
    path = verdict_file(runs, network, image, box, budget)
    if path.exists():
        return _read(path)
    verdict = verify_one(network, image, box, budget)
    content = asdict(verdict) | {"splits": verdict.splits.hex()}
    write_text(path, json.dumps(content | {"sha256": _digest(content)}) + "\n")
    return verdict


def verdict_file(runs: Path, network: Plain, image: Tensor, box: Box, budget: int) -> Path:
    """Where the verdict on an image (C, H, W) lies once it has fallen."""
    pixels = image.contiguous().numpy()
    made_of = kinds(box.source)
    code = source_digest("empirical.continuous.search", *(kind.__module__ for kind in made_of))
    digest = hashlib.sha256(code.encode())
    names = [kind.__qualname__ for kind in made_of]
    setting = [stored_nodes(network), names, box.source.describe(), budget, str(pixels.dtype), pixels.shape]
    digest.update(json.dumps(setting).encode())
    for array in (*stored_weights(network).values(), pixels):
        digest.update(f"{array.shape}".encode() + array.tobytes())
    return runs / "verdicts" / f"{digest.hexdigest()}.json"


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> Verdict:
    try:
        content = json.loads(path.read_bytes())
        if content.pop("sha256") != _digest(content):
            raise ValueError("its SHA-256 differs")
        view = None if content["view"] is None else tuple(content["view"])
        return Verdict(**content | {"splits": bytes.fromhex(content["splits"]), "view": view})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"verdict={path}: not as it was written ({error}); delete it") from None
