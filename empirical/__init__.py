"""Real encoders: data, views with explicit parameters, training, evaluation, and the audit of any encoder."""

import importlib
from types import ModuleType

from empirical.augmentations import Augmentation, finite_views
from empirical.datasets import Dataset, load
from empirical.encoders import Encoder
from empirical.training import TrainingConfig, TrainingResult, train

__all__ = ["Augmentation", "Dataset", "Encoder", "TrainingConfig", "TrainingResult", "finite_views", "load", "train"]


def __getattr__(name: str) -> ModuleType:
    """`empirical.audit` is imported when it is first asked for, so that `empirical.audit(...)` needs no import of its own."""
    if name == "audit":
        return importlib.import_module("empirical.audit")
    raise AttributeError(f"module 'empirical' has no attribute {name!r}")
