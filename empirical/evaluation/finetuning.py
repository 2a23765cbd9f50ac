"""Fine-tuning: a copy of the encoder and a linear layer, trained together on labelled images for a few epochs."""

import copy
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from empirical.data.sets import Dataset
from empirical.evaluation.classifiers import Evaluation, accuracy, check_training
from empirical.evaluation.features import extract, frozen
from empirical.views.augmentations import seeded_generator


@dataclass(frozen=True)
class FineTuning:
    """Settings: SGD with momentum .9, the learning rate falling from lr to 0 by half a cosine, cross-entropy.

    One rate for the encoder and the linear layer, which starts at zero. Images are not augmented; batches have one size,
    and the rest of an epoch that fills no batch is dropped. float32 on every device. The result is that of the last epoch.
    seed   order of the images, and dropout where the encoder has any
    Raises ValueError for a value outside its range.
    """

    epochs: int = 5
    batch_size: int = 128
    lr: float = 0.05
    weight_decay: float = 1e-4
    seed: int = 0
    name: str = field(default="fine-tuning", init=False)
    normalisation: str = field(default="none", init=False)

    def __post_init__(self) -> None:
        for setting, low in (("epochs", 1), ("batch_size", 2), ("seed", 0), ("weight_decay", 0)):
            if not getattr(self, setting) >= low:
                raise ValueError(f"{setting}={getattr(self, setting)}: too small; use {low} or more")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr={self.lr}: not positive and finite; 0.05 is the default")


def fine_tune(
    encoder: nn.Module, data: Dataset, device: torch.device, settings: FineTuning, layer: str = "backbone"
) -> Evaluation:
    """Accuracy on the test images after fine-tuning on the training images.

    encoder: any module from images to features (n, d). A copy of it is trained, including weights that are frozen in it; it
    is itself left as it was, and weights_hash in the result is its own. On the CPU the seed determines the result.
    Raises ValueError as `tuned` and `extract` do.
    """
    with frozen(encoder) as digest:
        model, classes = tuned(encoder, data, device, settings)
        logits = extract(model, data.test_images, device)
    value = accuracy(lambda scores: classes[scores.argmax(dim=1)], logits, data.test_labels)
    return Evaluation(settings, value, layer, data.name, data.name, digest, settings.seed)


def tuned(
    encoder: nn.Module, data: Dataset, device: torch.device, settings: FineTuning
) -> tuple[nn.Sequential, Tensor]:
    """The fine-tuned copy with its linear layer, in evaluation mode on `device`, and the classes (K,) of its outputs.

    Raises ValueError for fewer images than fill a batch, a single class, and a loss that is not finite.
    """
    classes, targets = check_training(data.train_images, data.train_labels)
    n, batch = len(targets), settings.batch_size
    if n < batch:
        raise ValueError(f"batch_size={batch}: more than the {n} training images; lower it to {n} or less")
    width = extract(encoder, data.train_images[:2], device).shape[1]
    linear = nn.utils.skip_init(nn.Linear, width, len(classes))
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    model = nn.Sequential(copy.deepcopy(encoder), linear).to(device).train().requires_grad_()
    optimizer = SGD(model.parameters(), lr=settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    steps = n // batch
    scheduler = LambdaLR(optimizer, lambda t: (1 + math.cos(math.pi * t / (steps * settings.epochs))) / 2)
    images, targets = data.train_images.to(device), targets.to(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.enable_grad():
        torch.manual_seed(settings.seed)
        for epoch in range(settings.epochs):
            order = torch.randperm(n, generator=seeded_generator(settings.seed, epoch))[: steps * batch]
            total = torch.zeros((), device=device)
            for rows in order.to(device).split(batch):
                total += step(model, images[rows], targets[rows], optimizer)
                scheduler.step()
            if not math.isfinite(total.item()):
                raise ValueError(f"the loss in epoch {epoch + 1} of fine-tuning is not finite: lower lr={settings.lr}")
    return model.eval(), classes


def step(model: nn.Module, images: Tensor, targets: Tensor, optimizer: Optimizer) -> Tensor:
    """One update by the mean cross-entropy of model(images) (n, K); returns the loss before it."""
    loss = functional.cross_entropy(model(images), targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.detach()
