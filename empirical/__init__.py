"""Real encoders: data, views with explicit parameters, training and evaluation."""

from empirical.augmentations import Augmentation, finite_views
from empirical.datasets import Dataset, load
from empirical.encoders import Encoder
from empirical.training import TrainingConfig, TrainingResult, train

__all__ = ["Augmentation", "Dataset", "Encoder", "TrainingConfig", "TrainingResult", "finite_views", "load", "train"]
