"""SimCLR training in one loop: resumable, one device, the same views on every device.

All randomness comes from (seed, epoch): an interrupted run that resumes ends with the weights of an uninterrupted one,
bit by bit on the CPU. Results are those of the last epoch, never of the best.
"""

import hashlib
import json
import os
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR
from tqdm import tqdm

from empirical.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from empirical.datasets import Dataset
from empirical.encoders import Encoder, build
from empirical.objectives import nt_xent

RECIPE = ("augmentations", "datasets", "encoders", "objectives", "training")
"""The modules whose code decides a run's weights."""

Probe = Callable[[Encoder, int], dict[str, float]]


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides a run's weights, apart from the device.

    dataset, train_size, seed: what `datasets.load` was called with. letters, strength: the views, as in
    `Augmentation.from_letters`. lr: the peak of the one-cycle schedule. batch_size: images per step, two views each;
    what is left of an epoch and fills no batch is dropped.
    Raises ValueError for a value outside its range.
    """

    dataset: str = "fashion"
    letters: str = "abcd"
    strength: float = 1.0
    epochs: int = 10
    batch_size: int = 256
    lr: float = 2e-3
    temperature: float = 0.2
    weight_decay: float = 1e-4
    seed: int = 0
    train_size: int | None = None

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("batch_size", 2), ("seed", 0), ("weight_decay", 0)):
            if not getattr(self, name) >= low:
                raise ValueError(f"{name}={getattr(self, name)} is too small: use {low} or more")
        for name in ("lr", "temperature"):
            if not getattr(self, name) > 0:
                raise ValueError(
                    f"{name}={getattr(self, name)} must be positive: the default is {getattr(type(self), name)}"
                )
        self.augmentation()

    def augmentation(self) -> Augmentation:
        """The distribution of views."""
        return Augmentation.from_letters(self.letters, self.strength)

    def key(self) -> str:
        """Sixteen hexadecimal digits that name this configuration and the code that decides what comes of it.

        The same in every process and on every machine; other code makes another run, never a stale one.
        """
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode())
        for name in RECIPE:
            digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class TrainingResult:
    """A finished run: the encoder after the last epoch, in evaluation mode on the run's device.

    history: one record per epoch with "epoch", "loss" (mean over the epoch's steps), "images_per_second" and the
    probe's values; record 0, before training, holds the probe's values only and is there when a probe was given.
    folder: holds metrics.jsonl (the history, one record a line) and checkpoint.pt.
    """

    encoder: Encoder
    history: tuple[dict[str, float], ...]
    folder: Path


def pick_device(name: str = "auto") -> torch.device:
    """The device for "auto" (CUDA when there is one, else the CPU), "cpu" or "cuda".

    Raises ValueError for another name, and for "cuda" where torch finds no CUDA device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={name!r} is unknown: choose auto, cpu or cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError(
            "device='cuda' but torch finds no CUDA device: install a CUDA build of torch, or use 'cpu' or 'auto'"
        )
    return torch.device("cuda" if name == "cuda" or (name == "auto" and available) else "cpu")


def run_dir(root: Path | str, config: TrainingConfig, device: torch.device) -> Path:
    """The folder of a run: one per configuration and type of device, since devices round differently."""
    return Path(root) / f"{config.key()}-{device.type}"


def train(
    config: TrainingConfig,
    data: Dataset,
    device: torch.device,
    out_dir: Path | str,
    progress: bool = True,
    probe: Probe | None = None,
) -> TrainingResult:
    """Train an encoder by SimCLR: AdamW, one-cycle schedule, NT-Xent on two views; bfloat16 autocast on CUDA only.

    out_dir: the folder of all runs; this run lives in `run_dir(out_dir, config, device)`. It writes checkpoint.pt (by
    rename, never half a file) and metrics.jsonl after each epoch. A run found there is resumed after its last whole
    epoch; a finished one is returned as it is, and its probe is not called again.
    progress: show a bar on stderr. probe: called with (encoder, epoch) before training (epoch 0) and after each epoch;
    its values enter the history. It may switch the encoder's mode but must not change its weights.

    Raises ValueError when the data are not those of the configuration or fill no batch, when the checkpoint cannot be
    used, and when the loss is not finite.
    """
    _check_data(config, data)
    device = torch.device(device)
    folder = run_dir(out_dir, config, device)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"

    images = data.train_images.to(device)
    steps = len(images) // config.batch_size
    encoder = build(config.seed).to(device)
    optimizer = AdamW(encoder.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    scheduler = OneCycleLR(optimizer, max_lr=config.lr, total_steps=config.epochs * steps)
    history: list[dict[str, float]] = []
    done = 0
    if checkpoint.exists():
        state = _read_checkpoint(checkpoint, config, device)
        encoder.load_state_dict(state["encoder"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        done, history = state["epoch"], state["history"]
    elif probe is not None:
        history.append({"epoch": 0, **probe(encoder, 0)})

    per_epoch = steps * config.batch_size
    bar = tqdm(total=config.epochs * per_epoch, initial=done * per_epoch, unit="image", disable=not progress)
    with bar:
        for epoch in range(done + 1, config.epochs + 1):
            start = time.perf_counter()
            loss = _train_epoch(config, images, encoder, optimizer, scheduler, epoch, bar)
            rate = per_epoch / (time.perf_counter() - start)
            bar.set_postfix({"loss": f"{loss:.3f}", "images/s": f"{rate:.0f}"})
            record = {"epoch": epoch, "loss": loss, "images_per_second": rate}
            history.append({**record, **(probe(encoder, epoch) if probe is not None else {})})
            state = {
                "config": asdict(config),
                "epoch": epoch,
                "encoder": encoder.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
                "history": history,
            }
            _write_metrics(folder / "metrics.jsonl", history)
            _replace(checkpoint, partial(torch.save, state))
    return TrainingResult(encoder=encoder.eval(), history=tuple(history), folder=folder)


def _train_epoch(
    config: TrainingConfig,
    images: Tensor,
    encoder: Encoder,
    optimizer: AdamW,
    scheduler: OneCycleLR,
    epoch: int,
    bar: "tqdm[Any]",
) -> float:
    """One epoch; returns its mean loss."""
    device, batch = images.device, config.batch_size
    steps = len(images) // batch
    generator = seeded_generator(config.seed, epoch)
    order = torch.randperm(len(images), generator=generator)[: steps * batch].view(steps, batch).to(device)
    parameters = sample_parameters(config.augmentation(), 2 * steps * batch, generator).to(device)
    total = torch.zeros((), device=device)
    encoder.train()
    for step in range(steps):
        pairs = images[order[step]].repeat(2, 1, 1, 1)
        views = apply(pairs, parameters[2 * batch * step : 2 * batch * (step + 1)])
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            z = encoder(views)
        z1, z2 = z.float().chunk(2)
        loss = nt_xent(z1, z2, config.temperature)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        scheduler.step()
        total += loss.detach()
        bar.update(batch)
    mean = total.item() / steps
    if not mean < float("inf"):
        raise ValueError(f"loss={mean} in epoch {epoch} is not finite: lower lr={config.lr} or raise the temperature")
    return mean


def _check_data(config: TrainingConfig, data: Dataset) -> None:
    if data.name != config.dataset:
        raise ValueError(f"data.name={data.name!r} is not config.dataset={config.dataset!r}: load that data set")
    n = len(data.train_images)
    if config.train_size is not None and n != config.train_size:
        raise ValueError(
            f"data holds {n} training images, config.train_size={config.train_size}: load it with that size"
        )
    if n < config.batch_size:
        raise ValueError(f"batch_size={config.batch_size} exceeds the {n} training images: lower it to {n} or less")


def _read_checkpoint(path: Path, config: TrainingConfig, device: torch.device) -> dict[str, Any]:
    """The state in a checkpoint of this very configuration; ValueError for any other file."""
    remedy = "delete it to train from the start"
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise ValueError(f"checkpoint {path} cannot be read ({type(error).__name__}): {remedy}") from error
    parts = {"config", "epoch", "encoder", "optimizer", "scheduler", "history"}
    if not isinstance(state, dict) or set(state) != parts:
        raise ValueError(f"checkpoint {path} was not written by this program: {remedy}")
    if state["config"] != asdict(config):
        raise ValueError(f"checkpoint {path} belongs to another configuration, {state['config']}: {remedy}")
    return state


def _write_metrics(path: Path, history: list[dict[str, float]]) -> None:
    text = "".join(json.dumps(record) + "\n" for record in history)
    _replace(path, lambda temporary: temporary.write_text(text))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write to a temporary neighbour, then rename: a reader finds the old file or the new one, whole."""
    temporary = path.with_name(path.name + ".tmp")
    write(temporary)
    os.replace(temporary, path)
