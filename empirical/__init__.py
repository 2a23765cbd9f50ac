"""Real encoders: data, views with explicit parameters, training, evaluation, and the audit of any encoder."""

from theory.exports import on_demand

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

__getattr__ = on_demand(__name__, _HOMES)
