"""Augmented distances of torch tensors: on the CPU by the NumPy path without a copy, elsewhere by the same bounds there."""

from typing import Any

from theory.concentration.bands import Embedding
from theory.concentration.distances import augmented_distances, check_sets
from theory.concentration.kernels import TINY
from theory.concentration.planning import Plan, make_plan

PRODUCTS, ELEMENTS = 4 * 2**20, 2 * 2**20
"""Entries of a block of products, and coordinates evaluated directly at once (16 MB of float64)."""


def tensor_distances(views: Any, others: Any) -> Any:
    """`augmented_distances` of tensors (n, m, D), and (n', m', D) or None; a float64 tensor on the device of `views`.

    A device without float64 (mps) hands its tensors to the CPU.

    Raises ValueError where the two lie on different devices, or one is sparse or complex.
    """
    import torch

    if others is not None and _place(views) != _place(others):
        raise ValueError(f"views.device={_place(views)}: but others.device={_place(others)}; move them to one device")
    for name, tensor in (("views", views), ("others", others)):
        if tensor is not None and (tensor.layout != torch.strided or tensor.is_complex()):
            raise ValueError(f"{name}.dtype={tensor.dtype}: in {tensor.layout}; give a dense tensor of real numbers")
    views = views.detach()
    others = None if others is None else others.detach()
    if views.device.type not in ("cpu", "mps"):
        return on_device(views, others)
    distances = torch.from_numpy(augmented_distances(_array(views), None if others is None else _array(others)))
    return distances if views.device.type == "cpu" else distances.float().to(views.device)


def _place(values: Any) -> str:
    return str(values.device) if hasattr(values, "detach") else f"no device ({type(values).__name__})"


def _array(tensor: Any) -> Any:
    import torch

    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).resolve_neg().cpu().numpy()


def on_device(views: Any, others: Any) -> Any:
    """The same on any torch device that has float64; n n' minima, evaluated block by block."""
    import torch

    check_sets(views, others)
    plan = make_plan(views, others)
    right = views if others is None else others
    (n, m, _), (n2, m2, _) = views.shape, right.shape
    out = torch.empty((n, n2), dtype=torch.float64, device=views.device)
    rows, columns = max(1, 1024 // m), max(1, PRODUCTS // 1024 // m2)
    for i in range(0, n, rows):
        for j in range(0, n2, columns):
            if others is None and j + columns <= i:
                continue
            block = _block(views[i : i + rows], right[j : j + columns], plan)
            out[i : i + rows, j : j + columns] = block
            if others is None:
                out[j : j + columns, i : i + rows] = block.T
    if others is None:
        out.fill_diagonal_(0.0)
    return out


def _block(here: Any, there: Any, plan: Plan) -> Any:
    """Minima of one block: the most promising pair of views directly, then every other pair that the bounds allow."""
    import torch

    (n, m, _), (n2, m2, _) = here.shape, there.shape
    if plan.bounds is None:
        pairs = torch.ones((n, m, n2, m2), dtype=torch.bool, device=here.device)
        least = torch.full((n, n2), torch.inf, dtype=torch.float64, device=here.device)
        return _evaluated(here, there, pairs, least, plan.unit).sqrt() / plan.unit
    z, norms = _coordinates(plan.bounds, here)
    z2, norms2 = _coordinates(plan.bounds, there)
    half, half2 = -(z.double() ** 2).sum(dim=1) / 2, -(z2.double() ** 2).sum(dim=1) / 2
    products = (z @ z2.T).double() + half[:, None] + half2
    products = products.reshape(n, m, n2, m2)
    top = products.amax(dim=(1, 3), keepdim=True)
    least = torch.full((n, n2), torch.inf, dtype=torch.float64, device=here.device)
    least = _evaluated(here, there, products == top, least, plan.unit)
    reach = norms[:, None] + norms2
    radius = least.sqrt() * (plan.bounds.scale / plan.unit * plan.bounds.grow) + plan.bounds.kappa * reach
    limit = -(radius**2 + plan.bounds.beta * reach**2) / 2 - TINY
    least = _evaluated(here, there, (products >= limit[:, None, :, None]) & (products != top), least, plan.unit)
    return least.sqrt() / plan.unit


def _coordinates(bounds: Embedding, views: Any) -> tuple[Any, Any]:
    """(z, norms) as `Embedding.factors` does; z in float64 where the device may round float32 products (TF32, bfloat16)."""
    import torch

    n, m, D = views.shape
    place = {"dtype": torch.float64, "device": views.device}
    centred = views.reshape(-1, D).double() * bounds.scale - torch.as_tensor(bounds.centre, **place)
    squares = (centred**2).sum(dim=1)
    z = centred
    if bounds.basis is not None:
        prefix = centred @ torch.as_tensor(bounds.basis, **place)
        rest = (squares - (prefix**2).sum(dim=1)).clamp_min(0).sqrt()
        z = torch.cat([prefix, rest[:, None]], dim=1)
    exact = torch.get_float32_matmul_precision() == "highest" and not torch.backends.cuda.matmul.allow_tf32
    z = z.float() if exact else z
    return z, 1.001 * squares.sqrt().reshape(n, m).amax(dim=1)


def _evaluated(here: Any, there: Any, pairs: Any, least: Any, unit: float) -> Any:
    """Least squares over the pairs of views marked in `pairs` (n, m, n', m') and what was known, `least` (n, n')."""
    at_once = max(1, ELEMENTS // here.shape[2])
    i, a, j, b = pairs.nonzero(as_tuple=True)
    flat = least.flatten()
    for start in range(0, len(i), at_once):
        part = slice(start, start + at_once)
        gaps = (here[i[part], a[part]].double() - there[j[part], b[part]].double()) * unit
        squares = (gaps**2).sum(dim=1)
        flat.scatter_reduce_(0, i[part] * least.shape[1] + j[part], squares, "amin")
    return flat.reshape(least.shape)
