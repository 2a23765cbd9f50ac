"""Any encoder: a factory with a checkpoint, a TorchScript file, a scikit-learn transformer, or a module at hand.

No file is unpickled: checkpoints are read as safetensors or with weights_only=True. A TorchScript file (which may write
files) and an exported program (which may run any code) need `trust`. A factory is imported, and is code of the user's own.
"""

import hashlib
import inspect
import os
import pickle
import re
import warnings
import zipfile
from collections.abc import Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from empirical.evaluation.features import weights_hash
from empirical.thirdparty import FOREIGN_ERRORS, first_line, imported, seeded, shown

SCRIPTS = (".ts", ".torchscript", ".pt", ".pth")
SHOWN_KEYS = 4
PREFIXES = 1000
"""How many prefixes of a checkpoint's keys are tried."""
NESTING = 8
"""Dictionaries inside each other, within which a checkpoint's state dicts are looked for."""
REFUSED_GLOBAL = re.compile(r"(?:GLOBAL|[Gg]lobal:?|[Cc]lass) ([A-Za-z_][\w.]*\.\w+)")
"""How torch names what it would have to import to unpickle a file."""


@dataclass(frozen=True)
class Subject:
    """What is audited: a module in evaluation mode, and what a reader needs to find it again.

    layer            name of the submodule whose output is taken; None: the output of the whole
    checkpoint       name of the file with the weights; None: the module came with them
    weights_sha256   of the state dict; of the file for a TorchScript or exported program; of the fit for a transformer
    """

    module: nn.Module
    name: str
    layer: str | None
    checkpoint: str | None
    weights_sha256: str


class Layer(nn.Module):
    """A module cut off at a submodule, whose output is flattened to (n, d); the last output where it runs repeatedly."""

    def __init__(self, module: nn.Module, name: str) -> None:
        super().__init__()
        if isinstance(module, torch.jit.ScriptModule | Exported):
            raise ValueError(f"layer {name!r} cannot be taken from a compiled program: compile one that ends there")
        parts = dict(module.named_modules(remove_duplicate=False))
        if name not in parts:
            known = ", ".join([n for n, _ in module.named_children()][:12]) or "none"
            raise ValueError(f"layer {name!r} is not in the encoder: its children are {known}; theirs are child.name")
        self.module = module
        self.part = parts[name]

    def forward(self, images: Tensor) -> Any:
        """Run the whole module and keep what the layer returns last; None where it does not run."""
        kept: list[Any] = [None]

        def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
            # A copy: an in-place ReLU that follows would overwrite the output.
            kept[0] = output.clone() if isinstance(output, Tensor) else output

        handle = self.part.register_forward_hook(keep)
        try:
            self.module(images)
        finally:
            handle.remove()
        output = kept[0]
        return output.flatten(1) if isinstance(output, Tensor) and output.ndim > 2 else output


class Transformer(nn.Module):
    """A scikit-learn transformer, fitted on flattened images (n, C, H, W); it has no weights that torch knows of.

    Every random_state left open is set to 0, so that the same images give the same fit.
    """

    def __init__(self, transformer: Any, images: Tensor) -> None:
        super().__init__()
        unset = [k for k, v in transformer.get_params().items() if k.split("__")[-1] == "random_state" and v is None]
        transformer.set_params(**dict.fromkeys(unset, 0))
        self.transformer = transformer.fit(images.flatten(1).double().numpy())

    def forward(self, images: Tensor) -> Tensor:
        """Features (n, d), float64."""
        features = self.transformer.transform(images.flatten(1).double().cpu().numpy())
        return torch.as_tensor(features.toarray() if hasattr(features, "toarray") else features, dtype=torch.float64)

    def digest(self) -> str:
        """SHA-256 that tells the fit from others: of all parameters and arrays, as joblib hashes them."""
        return hashlib.sha256(joblib.hash(self.transformer, hash_name="sha1").encode()).hexdigest()


class Exported(nn.Module):
    """An exported program, in the mode in which it was exported.

    Where it takes one batch size only, images are passed on in batches of that size, the last one filled up.
    """

    def __init__(self, program: torch.export.ExportedProgram) -> None:
        super().__init__()
        self.program = program.module()
        name = program.graph_signature.user_inputs[0]
        size = next(node for node in program.graph.nodes if node.name == name).meta["val"].shape[0]
        self.batch = size if isinstance(size, int) else None

    def train(self, mode: bool = True) -> "Exported":
        """Only this wrapper's own mode."""
        self.training = mode
        return self

    def forward(self, images: Tensor) -> Any:
        """As the program."""
        if self.batch is None:
            return self.program(images)
        missing = -len(images) % self.batch
        filled = torch.cat([images, images[-1:].expand(missing, *images.shape[1:])])
        return torch.cat([self.program(part) for part in filled.split(self.batch)])[: len(images)]


def load_encoder(
    spec: str,
    arguments: dict[str, Any],
    checkpoint: Path | None,
    layer: str | None,
    fit_images: Tensor,
    *,
    trust: bool = False,
) -> Subject:
    """Build and load the encoder, in evaluation mode.

    spec         "package.module:factory", or, with `trust`, the path of a TorchScript file (.ts, .torchscript, .pt, .pth) or
                 of an exported program (.pt2)
    arguments    of the factory, which returns a module, a (module, d) pair, or a scikit-learn transformer; random weights
                 are drawn from seed 0
    checkpoint   file with a state dict for the factory's module: see `read_state` and `fitting_state`
    layer        a submodule's name
    fit_images   (n, C, H, W) images that a transformer is fitted on
    Raises ValueError that names the file or name and the remedy.
    """
    if ":" in spec and not os.path.exists(spec):
        module = _from_factory(spec, arguments, fit_images)
        if checkpoint is not None:
            _load_weights(module, checkpoint)
        return subject(_evaluating(module, spec), spec, layer, None if checkpoint is None else checkpoint.name)
    if checkpoint is not None or arguments:
        raise ValueError(f"{spec} is a file with its own weights: leave out the checkpoint and the arguments")
    loaded = subject(_evaluating(_from_file(Path(spec), trust), spec), spec, layer)
    # A frozen script keeps its weights as constants, outside of any state dict.
    return replace(loaded, weights_sha256=hashlib.sha256(Path(spec).read_bytes()).hexdigest())


def subject(module: object, name: str, layer: str | None = None, checkpoint: str | None = None) -> Subject:
    """Check a module's mode and name its weights.

    Raises ValueError where a part that behaves otherwise in training is in training mode, for weights without values, and
    for an unknown layer.
    """
    if not isinstance(module, nn.Module):
        remedy = "pass a torch.nn.Module, or a scikit-learn transformer as audit.encoders.Transformer(it, images)"
        raise ValueError(f"the encoder is a {type(module).__name__}: {remedy}")
    for part_name, part in module.named_modules():
        if getattr(part, "training", False) and isinstance(part, torch.jit.ScriptModule | _NormBase | _DropoutNd):
            raise ValueError(
                f"{part_name or 'the encoder'} ({type(part).__name__}) is in training mode, so features are random or change "
                "with the batch: call encoder.eval() first"
            )
    try:
        digest = module.digest() if isinstance(module, Transformer) else weights_hash(module)
    except FOREIGN_ERRORS as error:  # lazy, meta and quantised parameters each raise another kind
        raise ValueError(
            f"the weights of the encoder cannot be read ({first_line(error)}): run a lazy module once, load values into one "
            "on the meta device, audit a quantised one as TorchScript"
        ) from error
    return Subject(module if layer is None else Layer(module, layer), name, layer, checkpoint, digest)


def _from_factory(spec: str, arguments: dict[str, Any], fit_images: Tensor) -> nn.Module:
    factory = imported(spec, "encoder")
    made = factory
    if callable(factory) and not isinstance(factory, nn.Module):
        try:
            with seeded(0):
                made = factory(**arguments)
        except FOREIGN_ERRORS as error:
            raise ValueError(
                f"encoder {spec!r} cannot be made from {arguments} ({first_line(error)}): its signature is "
                f"{spec.partition(':')[2]}{_signature(factory)}"
            ) from error
    elif arguments:
        raise ValueError(f"encoder {spec!r} is a {type(factory).__name__}, no factory: leave out {arguments}")
    if isinstance(made, tuple) and made and isinstance(made[0], nn.Module):
        made = made[0]
    if isinstance(made, nn.Module):
        return made
    if not all(hasattr(made, name) for name in ("fit", "transform", "get_params")):
        raise ValueError(
            f"encoder {spec!r} made a {type(made).__name__}: a torch.nn.Module or a scikit-learn transformer is needed"
        )
    try:
        return Transformer(made, fit_images)
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"encoder {spec!r} cannot be fitted on {len(fit_images)} images of {fit_images[0].numel()} values "
            f"({first_line(error)}): check its arguments"
        ) from error


def _evaluating(module: nn.Module, spec: str) -> nn.Module:
    try:
        module.eval()  # what it returns may be None: an own train() is apt to forget it
    except FOREIGN_ERRORS as error:
        raise ValueError(
            f"encoder {spec!r} cannot be put into evaluation mode ({first_line(error)}): repair its train and eval"
        ) from error
    return module


def _signature(factory: Any) -> str:
    try:
        return str(inspect.signature(factory))
    except (TypeError, ValueError):
        return "(...)"


def _from_file(path: Path, trust: bool) -> nn.Module:
    if not os.path.isfile(path):
        raise ValueError(f"encoder {str(path)!r} is no file and no package.module:factory: check the name")
    if path.suffix not in (*SCRIPTS, ".pt2"):
        raise ValueError(
            f"encoder {path} has suffix {path.suffix!r}: TorchScript ({', '.join(SCRIPTS)}) or .pt2 is read"
        )
    exported = path.suffix == ".pt2"
    if not trust:
        kind = "an exported program, which may run any code while it is loaded"
        if not exported:
            kind = "read as TorchScript, a program that may write any file when it runs"
        raise ValueError(
            f"encoder {path} is {kind}: trust it if you made it (trust=True, audit --trust), or give a factory, "
            "package.module:name, as the encoder and a file of weights as the checkpoint"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return Exported(torch.export.load(path)) if exported else torch.jit.load(path, map_location="cpu")
    except FOREIGN_ERRORS as error:  # broken archives raise many kinds
        kind = "exported program" if exported else "TorchScript file"
        raise ValueError(
            f"encoder {path} is no {kind}, or is truncated ({first_line(error)}): for a checkpoint of weights give its "
            "factory as the encoder and this file as the checkpoint"
        ) from error


def _load_weights(module: nn.Module, path: Path) -> None:
    if isinstance(module, Transformer):
        raise ValueError(f"checkpoint {path} does not go with a scikit-learn transformer: leave it out")
    wanted = module.state_dict()
    state = fitting_state(read_state(path), wanted.keys(), path)
    for key, value in state.items():
        if _kind(value) != _kind(wanted[key]) and not _is_count(value, wanted[key]):
            raise ValueError(
                f"checkpoint {path} does not fit the encoder ({key} is {value.dtype}, {value.layout}; the encoder has "
                f"{wanted[key].dtype}): convert it, a quantised one belongs into a TorchScript file"
            )
    try:
        module.load_state_dict(state)
    except FOREIGN_ERRORS as error:  # hooks of the module run here
        first_line(error)  # passes Ctrl-C on
        reason = shown(" ".join(str(error).split(":", 1)[-1].split()))[:300]
        raise ValueError(
            f"checkpoint {path} does not fit the encoder ({reason}): check the factory's arguments"
        ) from error


def _kind(value: Tensor) -> tuple[bool, bool, bool, bool, bool]:
    """What a copy into another tensor must keep: it may change the precision, and nothing else."""
    dense = value.layout is torch.strided and not value.is_nested and not value.is_meta
    return value.is_floating_point(), value.is_complex(), value.is_quantized, value.dtype is torch.bool, dense


def _is_count(value: Tensor, wanted: Tensor) -> bool:
    """Whether an integer is wanted and a whole number is there: .half() of all tensors turns counters into floats."""
    integer = not (wanted.is_floating_point() or wanted.is_complex()) and wanted.dtype is not torch.bool
    plain = value.numel() == 1 and value.is_floating_point() and value.layout is torch.strided and not value.is_meta
    return integer and plain and float(value).is_integer()


def fitting_state(state: dict[str, Tensor], wanted: Set[str], path: Path) -> dict[str, Tensor]:
    """The part of a checkpoint that fits the encoder, without the prefix of whatever wrapped it.

    A prefix ends with a dot ("module.encoder_q.") and fits where what follows it is exactly what the encoder has. Without a
    prefix nothing may be left over; with one, what does not begin with it (another network, a queue) is left out.
    Raises ValueError, which names the prefixes, unless exactly one fits.
    """
    if state.keys() == wanted:
        return state
    first = next(iter(wanted), "")
    prefixes = {key.removesuffix(first) for key in state if key.endswith(f".{first}")}
    parts = {
        prefix: {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
        for prefix in ["", *sorted(prefixes, key=lambda prefix: (len(prefix), prefix))[:PREFIXES]]
    }
    fitting = [prefix for prefix, part in parts.items() if part.keys() == wanted]
    if len(fitting) == 1:
        return parts[fitting[0]]
    if fitting:
        names = ", ".join(repr(shown(prefix)) for prefix in fitting[:SHOWN_KEYS])
        raise ValueError(
            f"checkpoint {path} does not fit the encoder in one way: {names} "
            "each fit as a prefix of its keys; save the weights under one of them alone"
        )
    best = min(parts, key=lambda prefix: (len(wanted - parts[prefix].keys()), len(parts[prefix].keys() - wanted)))
    missing, unexpected = [k for k in wanted if k not in parts[best]], [k for k in parts[best] if k not in wanted]
    under = f" with the prefix {shown(best)!r} taken off its keys" if best else ""
    raise ValueError(
        f"checkpoint {path} does not fit the encoder{under}: {_keys(missing, 'missing')}, {_keys(unexpected, 'unexpected')}; "
        "give the factory that made it, or rename the keys"
    )


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name, from safetensors, or from a torch file with weights_only=True.

    A torch file holds a state dict, or dictionaries that do; then "state_dict." and the like precede the names.
    Raises ValueError for a file that is missing, truncated, packed, of another kind, or that needs unpickling.
    """
    if not os.path.isfile(path):
        raise ValueError(f"checkpoint {path} is no file: check the path")
    try:
        if path.suffix.lower() == ".safetensors":
            return safetensors.torch.load_file(path)
        _check_archive(path)
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FOREIGN_ERRORS as error:  # truncated files raise many kinds, forbidden objects others
        reason = first_line(error)
        if forbidden := REFUSED_GLOBAL.search(str(error)):
            reason = f"it holds {shown(forbidden[1])}, and loading that could run code"
        elif isinstance(error, pickle.UnpicklingError):  # torch recommends to load it all the same
            reason = "torch.save did not write it"
        raise ValueError(
            f"checkpoint {path} cannot be read ({reason}): it is truncated, of another kind, or holds more than "
            "tensors, which is refused; save encoder.state_dict(), best as safetensors"
        ) from error
    state = _states(content, "", set())
    if not state:
        raise ValueError(f"checkpoint {path} holds no state dict: save encoder.state_dict()")
    return state


def _check_archive(path: Path) -> None:
    """ValueError for a zip archive that unpacks to more than its file: torch.save does not pack."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > path.stat().st_size:
        raise ValueError(f"a packed archive of {size} bytes")


def _states(content: Any, prefix: str, seen: set[int]) -> dict[str, Tensor]:
    """All state dicts in nested dictionaries, each once, with the names of the dictionaries before their keys."""
    if not isinstance(content, dict) or id(content) in seen or prefix.count(".") > NESTING:
        return {}
    seen.add(id(content))
    if content and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items()):
        return {prefix + key: value for key, value in content.items()}
    inner = [(key, value) for key, value in content.items() if isinstance(key, str)]
    return {k: v for key, value in inner for k, v in _states(value, f"{prefix}{key}.", seen).items()}


def _keys(keys: list[str], kind: str) -> str:
    if not keys:
        return f"none {kind}"
    return f"{len(keys)} {kind} ({', '.join(map(shown, keys[:SHOWN_KEYS]))}{', ...' if len(keys) > SHOWN_KEYS else ''})"
