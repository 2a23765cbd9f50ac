"""Any callable from an image to a random view: a torchvision or kornia pipeline, or a function of one's own.

It replays, because the global random states that it draws from are set before each call and put back after it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from empirical.thirdparty import FOREIGN_ERRORS, first_line, represented, seeded

Transform = Callable[[Tensor], Tensor]
"""One random view (C, H, W) or (1, C, H, W) of one image (C, H, W), float."""
BEYOND = 0.5
"""How far a callable's view may leave [0, 1]: noise and bicubic resampling do, by less; a Normalize does, by more."""


@dataclass(frozen=True)
class Seeds:
    """What the views of some images are drawn from: keys that are common to all, and the row of each image.

    keys         non-negative integers
    rows   (n,)  int64
    """

    keys: tuple[int, ...]
    rows: Tensor

    def __getitem__(self, rows: Tensor) -> "Seeds":
        return Seeds(self.keys, self.rows[rows])


@dataclass(frozen=True)
class CallableView:
    """A callable as a `protocol.ViewSource`; name: what error messages call it."""

    function: Transform
    name: str

    def draw(self, n: int, *keys: int) -> Seeds:
        """One seed a view, made of the keys and the number of the row."""
        return Seeds(keys, torch.arange(n))

    def apply(self, images: Tensor, parameters: Seeds) -> Tensor:
        """One view of each image (n, C, H, W), image by image.

        Raises ValueError where the callable fails, changes the shape, returns no float tensor about [0, 1], or makes another
        view of the first image when it is called from the same seed again.
        """
        seeds = [(*parameters.keys, row) for row in parameters.rows.tolist()]
        views = [self._view(image, seed) for image, seed in zip(images, seeds, strict=True)]
        if not torch.equal(views[0], self._view(images[0], seeds[0])):
            raise ValueError(
                f"views={self.name}: makes another view of the same image from the same seed; let it draw from the global "
                "random states of torch, NumPy or Python, and keep no state"
            )
        return torch.stack(views)

    def describe(self) -> str:
        """Its representation, without addresses, which are other ones in every process."""
        return re.sub(r" at 0x[0-9a-fA-F]+", "", represented(self.function))

    def _view(self, image: Tensor, seed: tuple[int, ...]) -> Tensor:
        """One view, float (C, H, W)."""
        shape, remedy = tuple(image.shape), "let it take and return a float tensor (C, H, W) in [0, 1] of one shape"
        try:
            with seeded(*seed), torch.no_grad():
                view = self.function(image.clone())
                view = view.to_dense().cpu() if isinstance(view, Tensor) else view
        except FOREIGN_ERRORS as error:
            raise ValueError(
                f"views={self.name}: fails on an image of shape {shape} ({first_line(error)}); {remedy} "
                "(begin with ToPILImage and end with ToTensor where it needs PIL)"
            ) from error
        if isinstance(view, Tensor) and view.ndim == image.ndim + 1 and len(view) == 1:
            view = view[0]
        if not isinstance(view, Tensor) or view.shape != image.shape or not view.is_floating_point():
            kind = f"{tuple(view.shape)} {view.dtype}" if isinstance(view, Tensor) else f"a {type(view).__name__}"
            raise ValueError(f"views={self.name}: returned {kind} for an image of shape {shape}; {remedy}")
        view = view.to(image.dtype)  # float8 has no minimum
        low, high = float(view.min()), float(view.max())
        if not (-BEYOND <= low and high <= 1 + BEYOND):
            raise ValueError(
                f"views={self.name}: returned values from {low:.4g} to {high:.4g}, far from [0, 1]; check it, and leave a "
                "Normalize to the encoder, since view 0 is the image itself"
            )
        return view
