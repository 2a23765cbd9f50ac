"""One training loop for every method: resumable, on one device or on several processes, the same views everywhere.

All randomness comes from (seed, epoch): an interrupted run that resumes ends with the weights of an uninterrupted one,
bit by bit on the CPU, wherever it was killed. Results are those of the last epoch, never of the best.
"""

import hashlib
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from empirical.data.sets import Dataset, fingerprint
from empirical.provenance import source_digest
from empirical.training import checkpoint, methods
from empirical.training.compilation import compiled
from empirical.training.distributed import averaged, process_count, process_rank, synchronised, wait_for_all
from empirical.training.memory import reuse_freed_memory
from empirical.training.methods import Learner, Method, initial_learner
from empirical.training.networks import BACKBONES, Encoder, backbone_maker
from empirical.training.optimisation import OPTIMIZERS, SCHEDULES, optimizer_of, schedule, set_rate
from empirical.training.state import put_back, tensors_of, untrained
from empirical.training.whitening import settle
from empirical.views.augmentations import Augmentation, apply, sample_parameters, seeded_generator
from theory.checks import check_integer, check_nonnegative, check_positive, check_seed, make_plain
from theory.files import lock_or_refuse, write_text

LOCK = "training.lock"

Probe = Callable[[Encoder, int], dict[str, float]]
"""Measures an encoder after an epoch; epoch 0 is before training."""


class Diverged(ValueError):
    """The loss of a training is not finite."""


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides a run's weights, apart from the device and the number of processes.

    dataset, train_size, classes, side, seed   what `sets.load` was called with
    letters, strength, mask_share              of the views, as in `Augmentation.from_letters`
    method                                     with its own parameters; see `methods`
    encoder                                    name of the backbone, as in `networks.backbone_maker`
    compiled                                   fuse the kernels of a training step with torch.compile, on CUDA only
    epochs                                     passes through the training images
    coarse                                     share of the epochs, the first ones, whose views have half the images' side
    batch_size                                 images per step over all processes; images left at the end of an epoch that
                                               fill no batch are not used in it
    optimizer, schedule                        see `optimisation`
    lr                                         learning rate at the peak of the schedule
    weight_decay                               of all parameters

    NumPy's scalars are taken as Python's. Raises ValueError for a value outside its range.
    """

    dataset: str = "fashion"
    letters: str = "abcd"
    strength: float = 1.0
    mask_share: float = 0.5
    method: Method = field(default_factory=lambda: methods.METHODS["simclr"])
    encoder: str = "small"
    compiled: bool = False
    epochs: int = 10
    coarse: float = 0.0
    batch_size: int = 256
    optimizer: str = "adamw"
    schedule: str = "one-cycle"
    lr: float = 2e-3
    weight_decay: float = 1e-4
    seed: int = 0
    train_size: int | None = None
    classes: tuple[str, ...] | None = None
    side: int | None = None

    def __post_init__(self) -> None:
        make_plain(self)
        for name, least in (("epochs", 1), ("batch_size", 2), ("train_size", 1), ("side", 1)):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), least)
        check_seed("seed", self.seed)
        check_nonnegative("weight_decay", self.weight_decay)
        check_positive("lr", self.lr, f"the default is {type(self).lr}")
        if not 0 <= self.coarse <= 1:
            raise ValueError(f"coarse={self.coarse}: no share of the epochs; use 0 to 1")
        for name, known in (("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r}: unknown; choose {' or '.join(known)}")
        backbone_maker(self.encoder)
        self.augmentation()

    @classmethod
    def for_method(cls, method: Method, **others: Any) -> "TrainingConfig":
        """The method with its own `settings`; `others` have precedence."""
        return cls(method=method, **{**method.settings, **others})

    def augmentation(self) -> Augmentation:
        """The distribution of views."""
        return Augmentation.from_letters(self.letters, self.strength, self.mask_share)

    def description(self) -> dict[str, Any]:
        """Every field in plain JSON types, the method's by its name and parameters."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def key(self, *modules: str, data: str = "") -> str:
        """Sixteen hexadecimal digits that name this configuration and the code that decides what comes of it.

        modules: others whose code has a part in the run, such as the probe's; data: the fingerprint of the data. The key is
        the same in every process and on every machine. After an edit of that code the key is another one, so that no run is
        answered with an old one.
        """
        digest = hashlib.sha256(f"{json.dumps(self.description(), sort_keys=True)}{data}".encode())
        backbone = () if self.encoder in BACKBONES else (self.encoder.partition(":")[0],)
        digest.update(source_digest(__name__, type(self.method).__module__, *backbone, *modules).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class TrainingResult:
    """A finished run.

    encoder   after the last epoch, in evaluation mode, on the run's device
    history   one record per epoch: "epoch", "loss" (mean over its steps), "images_per_second" and the probe's values. Where
              a probe was given, the first record is of epoch 0, before training, and holds the probe's values only.
    folder    holds metrics.jsonl (the history, one record a line), checkpoint.json and the tensor file that it names
    """

    encoder: Encoder
    history: tuple[dict[str, float], ...]
    folder: Path


def pick_device(name: str = "auto") -> torch.device:
    """The device for "auto" (CUDA when there is one, else the CPU), "cpu" or "cuda"; under torchrun each process's own.

    Raises ValueError for another name, and for "cuda" where torch finds no CUDA device.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={name!r}: unknown; choose auto, cpu or cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ValueError(
            "device='cuda': torch finds no CUDA device; install a CUDA build of torch, or use 'cpu' or 'auto'"
        )
    if name == "cpu" or not available:
        return torch.device("cpu")
    local = os.environ.get("LOCAL_RANK")
    return torch.device("cuda") if local is None else torch.device("cuda", int(local))


def batch_that_fits(batch_size: int, images: int) -> int:
    """batch_size where there are so many images, else the largest power of two in half of them, at least 2."""
    return batch_size if images >= batch_size else max(2, 1 << (max(images, 2) // 2).bit_length() - 1)


def run_dir(
    root: Path | str, config: TrainingConfig, data: Dataset, device: torch.device, probe: Probe | None = None
) -> Path:
    """The folder of a run.

    There is one per configuration, images, code of the training and of the probe, type of device, and number of processes:
    devices and process counts round differently, and the history holds the probe's values.
    """
    return _run_dir(root, config, fingerprint(data), device, probe)


def _run_dir(
    root: Path | str, config: TrainingConfig, data_hash: str, device: torch.device, probe: Probe | None
) -> Path:
    several = f"x{process_count()}" if process_count() > 1 else ""
    key = config.key(*(() if probe is None else (probe.__module__,)), data=data_hash)
    return Path(root) / f"{key}-{device.type}{several}"


def train(
    config: TrainingConfig,
    data: Dataset,
    device: torch.device,
    out_dir: Path | str,
    progress: bool = True,
    probe: Probe | None = None,
    save_every: int = 1,
) -> TrainingResult:
    """Train an encoder by the configuration's method; networks run channels-last, and on CUDA in bfloat16.

    data       the images that `config` names
    device     where to train
    out_dir    the folder of all runs; this one lives in `run_dir(out_dir, config, data, device, probe)`
    progress   show a bar on stderr, with images per second and the time left
    probe      called with (encoder, epoch) before training (epoch 0) and after each epoch; its values enter the history. It
               may switch the encoder's mode but must not change its weights.
    save_every   epochs from one checkpoint to the next

    metrics.jsonl and the checkpoint are written after so many epochs and after the last, each as a whole (see `checkpoint`).
    A backbone that ends in `networks.Whitening` is whitened at the end of the last epoch, by the training images.
    An interrupted run is resumed after the last epoch that was saved; a finished one is returned as it is, and its probe is
    not called again. One process at a time trains a run, and a lock that ends with the process keeps others away.
    On the CPU the process keeps freed memory from then on (see `memory`).
    Within a process group (`distributed.processes`) the processes share each batch and end with the same weights, those of
    one process up to rounding, batch statistics being taken over all of them. Process 0 probes, shows progress and writes
    to out_dir, which all must see; the history of the others lacks the probe's values.

    Raises ValueError when the data are not those of the configuration or fill no batch, when another process trains the run,
    when the checkpoint cannot be used, when a checkpoint could not hold the encoder, and when the loss is not finite.
    """
    _check_data(config, data)
    device = torch.device(device)
    if device.type == "cpu":
        reuse_freed_memory()
    data_hash = fingerprint(data)
    folder = _run_dir(out_dir, config, data_hash, device, probe)
    folder.mkdir(parents=True, exist_ok=True)
    if process_rank() != 0:
        return _train(config, data.train_images.to(device), data_hash, device, folder, False, probe, save_every)
    busy = f"runs={folder}: another process is training this run; wait for it, or give another folder of runs"
    with lock_or_refuse(folder / LOCK, busy):
        return _train(config, data.train_images.to(device), data_hash, device, folder, progress, probe, save_every)


def _train(
    config: TrainingConfig,
    images: Tensor,
    data_hash: str,
    device: torch.device,
    folder: Path,
    progress: bool,
    probe: Probe | None,
    save_every: int,
) -> TrainingResult:
    """`train`, in the run's own folder."""
    first = process_rank() == 0
    steps = len(images) // config.batch_size
    learner = synchronised(initial_learner(config.method, config.encoder, config.seed), device)
    placement: dict[str, Any] = {
        "device": device,
        "memory_format": torch.channels_last,
    }  # torch's stubs lack the second
    learner.to(**placement)
    optimizer = optimizer_of(config.optimizer, learner.groups(), config.lr, config.weight_decay)
    history: list[dict[str, float]] = []
    done = 0
    saved = checkpoint.load(folder)
    if saved is not None:
        tensors, state = saved
        _restore(tensors, state, config, data_hash, folder, learner, optimizer)
        done, history = state["epoch"], state["history"]
        if first:
            checkpoint.tidy(folder)
    elif first:
        checkpoint.serialised(tensors_of(learner, optimizer))  # what it cannot hold is refused now, not an epoch later
        if probe is not None:
            history.append({"epoch": 0, **_values(probe, learner.encoder, 0)})

    loss_of = averaged(learner)
    if config.compiled and device.type == "cuda":
        trial = images[: config.batch_size // process_count()].expand(config.method.views, -1, -1, -1, -1)
        loss_of = compiled(loss_of, trial)
    per_epoch = steps * config.batch_size
    bar = tqdm(total=config.epochs * per_epoch, initial=done * per_epoch, unit="image", disable=not progress)
    with bar:
        for epoch in range(done + 1, config.epochs + 1):
            start = time.perf_counter()
            loss = _train_epoch(config, images, learner, loss_of, optimizer, epoch, bar)
            rate = per_epoch / (time.perf_counter() - start)
            if epoch == config.epochs:
                settle(learner.encoder, images)
            bar.set_postfix({"loss": f"{loss:.3f}", "images/s": f"{rate:.0f}"})
            history.append({"epoch": epoch, "loss": loss, "images_per_second": rate})
            if first and probe is not None:
                history[-1].update(_values(probe, learner.encoder, epoch))
            if first and (epoch % save_every == 0 or epoch == config.epochs):
                lines = "".join(json.dumps(record) + "\n" for record in history)
                write_text(folder / "metrics.jsonl", lines)
                state = {
                    "config": config.description(),
                    "data": data_hash,
                    "epoch": epoch,
                    "history": history,
                    "untrained": untrained(optimizer),
                }
                checkpoint.save(folder, tensors_of(learner, optimizer), state)
    wait_for_all()
    return TrainingResult(encoder=learner.encoder.eval(), history=tuple(history), folder=folder)


def _values(probe: Probe, encoder: Encoder, epoch: int) -> dict[str, float]:
    """What the probe measures, as numbers that JSON can hold."""
    values = {name: float(value) for name, value in probe(encoder, epoch).items()}
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(
                f"probe={name}: {value} after epoch {epoch}, not finite; let the probe give finite numbers"
            )
    return values


def _train_epoch(
    config: TrainingConfig,
    images: Tensor,
    learner: Learner,
    loss_of: nn.Module,
    optimizer: Optimizer,
    epoch: int,
    bar: "tqdm[Any]",
) -> float:
    """One epoch; returns its mean loss. loss_of: the learner, or what averages its gradients over processes."""
    device, batch, m = images.device, config.batch_size, config.method.views
    steps = len(images) // batch
    coarseness = 2 if epoch <= round(config.coarse * config.epochs) else 1
    generator = seeded_generator(config.seed, epoch)
    order = torch.randperm(len(images), generator=generator)[: steps * batch].view(steps, batch).to(device)
    parameters = sample_parameters(config.augmentation(), m * steps * batch, generator).to(device)
    share = batch // process_count()
    mine = slice(process_rank() * share, (process_rank() + 1) * share)
    rows = torch.arange(m * batch, device=device).view(m, batch)[:, mine].reshape(-1)
    total = torch.zeros((), device=device)
    learner.train()
    for step in range(steps):
        theta = parameters[rows + m * batch * step]
        views = apply(images[order[step][mine]].repeat(m, 1, 1, 1), theta, coarseness)
        views = views.contiguous(memory_format=torch.channels_last)
        set_rate(optimizer, config.lr, *schedule(config.schedule, (epoch - 1) * steps + step, config.epochs * steps))
        loss = loss_of(views.unflatten(0, (m, share)))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        learner.after_step()
        total += loss.detach()
        bar.update(batch)
    mean = total.item() / steps
    if not abs(mean) < float("inf"):
        raise Diverged(f"loss={mean}: not finite in epoch {epoch}; check the images, or lower lr={config.lr}")
    return mean


def _check_data(config: TrainingConfig, data: Dataset) -> None:
    """ValueError where the data are not those that the configuration names, or do not go with its batch size."""
    if data.name != config.dataset:
        raise ValueError(f"data.name={data.name!r}: not config.dataset={config.dataset!r}; load that data set")
    n = len(data.train_images)
    if config.train_size is not None and n != config.train_size:
        raise ValueError(f"data: {n} training images, not config.train_size={config.train_size}; load that many")
    if config.classes is not None and data.class_names != tuple(config.classes):
        raise ValueError(f"data.class_names={data.class_names}: not config.classes={config.classes}; load those")
    if config.side is not None and data.train_images.shape[2:] != (config.side, config.side):
        raise ValueError(
            f"data: images of {tuple(data.train_images.shape[2:])} pixels, not config.side={config.side}; load them with "
            "that side"
        )
    if config.coarse and min(data.train_images.shape[2:]) < 2:
        raise ValueError(f"coarse={config.coarse}: half of an image of one pixel is nothing; use 0")
    if n < config.batch_size:
        raise ValueError(
            f"batch_size={config.batch_size}: more than the {n} training images; load more images, or lower "
            f"batch_size to {n} or less"
        )
    if config.batch_size % process_count():
        raise ValueError(
            f"batch_size={config.batch_size}: not a multiple of the {process_count()} processes; start torchrun with a "
            "number of processes that divides it, or change batch_size"
        )


def _restore(
    tensors: dict[str, Tensor],
    state: dict[str, Any],
    config: TrainingConfig,
    data_hash: str,
    folder: Path,
    learner: Learner,
    optimizer: Optimizer,
) -> None:
    """Put the checkpoint of this run into the learner and the optimiser; ValueError for a checkpoint of another run."""
    path = folder / checkpoint.STATE
    if set(state) != {"config", "data", "epoch", "history", "untrained"}:
        raise checkpoint.foreign(path, "not written by this program")
    if state["config"] != config.description():
        raise checkpoint.foreign(path, f"belongs to another configuration, {state['config']}")
    if state["data"] != data_hash:
        raise checkpoint.foreign(path, "trained on other images than these")
    try:
        put_back(tensors, state["untrained"], learner, optimizer)
    except (RuntimeError, ValueError) as error:
        raise checkpoint.foreign(path, "holds other tensors than those of this configuration") from error
