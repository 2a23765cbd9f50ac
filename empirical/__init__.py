"""Real encoders: data, views with explicit parameters, training, evaluation, and the audit of any encoder."""

import importlib
from typing import Any

_HOMES = {
    "Augmentation": "empirical.views.augmentations",
    "Dataset": "empirical.data.sets",
    "Encoder": "empirical.training.networks",
    "TrainingConfig": "empirical.training.loop",
    "TrainingResult": "empirical.training.loop",
    "finite_views": "empirical.views.protocol",
    "load": "empirical.data.sets",
    "train": "empirical.training.loop",
}
"""Imported when first asked for: no module loads more than it computes with."""

__all__ = ["Augmentation", "Dataset", "Encoder", "TrainingConfig", "TrainingResult", "finite_views", "load", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'empirical' has no attribute {name!r}")
