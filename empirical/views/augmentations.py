"""Views A_theta(x) with explicit parameters theta: drawn on the CPU, then applied to a whole batch at once.

Every random number is drawn whether or not an augmentation uses it, in a fixed layout, so "a" and "abcd" drawn with the
same generator share their crops, and the views of sample i do not depend on how many samples follow it. Masks come from a
second stream, seeded by the generator's state, so that "abcd" and "abcdf" share all else.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

ASPECT_RATIO = (3 / 4, 4 / 3)
BLUR_RADIUS = 2
LUMA = (0.299, 0.587, 0.114)
LETTERS = "abcdef"
_UNIFORMS = 12


@dataclass(frozen=True)
class Augmentation:
    """A distribution over views.

    crop_scale           range of the crop's share of the area, in (0, 1]; None: no crop. Its aspect ratio is 3/4 to 4/3.
    blur_sigma           range of the standard deviation of a 5x5 Gaussian kernel, in pixels; None: no blur
    gray_probability     chance that the view is grey
    colour_strength      s in SimCLR's colour distortion: factors of brightness, contrast and saturation uniform on
                         1 -+ 0.8 s, hue uniform on -+ 0.2 s turns; at most 1.25, where factors reach 0
    colour_probability   chance that the colour distortion is applied
    flip_probability     chance of a horizontal mirror
    mask_share           share of the patches that are set to black, in [0, 1); rounded to whole patches, the same number in
                         every view
    mask_grid            patches to a side

    Raises ValueError for a value outside its range.
    """

    crop_scale: tuple[float, float] | None = None
    blur_sigma: tuple[float, float] | None = None
    gray_probability: float = 0.0
    colour_strength: float = 0.0
    colour_probability: float = 0.0
    flip_probability: float = 0.0
    mask_share: float = 0.0
    mask_grid: int = 4

    def __post_init__(self) -> None:
        if self.crop_scale is not None and not 0 < self.crop_scale[0] <= self.crop_scale[1] <= 1:
            raise ValueError(f"crop_scale={self.crop_scale}: no range of shares of the area; use 0 < low <= high <= 1")
        if self.blur_sigma is not None and not 0 < self.blur_sigma[0] <= self.blur_sigma[1] < math.inf:
            raise ValueError(
                f"blur_sigma={self.blur_sigma}: no range of pixels; use 0 < low <= high, or None for no blur"
            )
        for name in ("gray_probability", "colour_probability", "flip_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}={getattr(self, name)}: no probability; use 0 to 1")
        if not 0 <= self.colour_strength <= 1.25:
            raise ValueError(
                f"colour_strength={self.colour_strength}: beyond 1.25 factors are negative; use a strength in [0, 1.25]"
            )
        if not 0 <= self.mask_share < 1:
            raise ValueError(f"mask_share={self.mask_share}: at 1 nothing is left of the image; use a share in [0, 1)")
        if self.mask_grid < 1:
            raise ValueError(f"mask_grid={self.mask_grid}: makes no patch; use 2 or more to a side")
        if self.masked_patches == self.mask_grid**2:
            raise ValueError(f"mask_share={self.mask_share}: masks all {self.mask_grid**2} patches; lower it")

    @property
    def masked_patches(self) -> int:
        """How many of the mask_grid^2 patches are black."""
        return round(self.mask_share * self.mask_grid**2)

    @classmethod
    def from_letters(cls, letters: str, strength: float = 1.0, mask_share: float = 0.5) -> "Augmentation":
        """The lecture's augmentations, by letter.

        (a) random resized crop, scale .3 to 1; (b) Gaussian blur, kernel 5, sigma .1 to 2; (c) grey, probability .2;
        (d) colour distortion .8/.8/.8/.2 times `strength`, probability .8; (e) horizontal flip, probability .5; (f) random
        masking of `mask_share` of the 16 patches, the lecture's question about masked auto-encoders.
        Source: Huang et al. 2021, "Towards the Generalization of Contrastive Self-Supervised Learning", experiments;
        parameters of Chen et al. 2020 (SimCLR), appendix A, with the crop's lower end raised for small images.

        letters      each of a to f at most once, in any order; "" is the identity
        strength     of the colour distortion; no effect without d
        mask_share   no effect without f

        Raises ValueError for another letter, a repeated letter, a strength outside [0, 1.25], or a share outside [0, 1).
        """
        unknown = sorted(set(letters) - set(LETTERS))
        if unknown or len(set(letters)) != len(letters):
            raise ValueError(
                f"letters={letters!r}: not each a different one of {LETTERS!r}; name each of them at most once"
            )
        return cls(
            crop_scale=(0.3, 1.0) if "a" in letters else None,
            blur_sigma=(0.1, 2.0) if "b" in letters else None,
            gray_probability=0.2 if "c" in letters else 0.0,
            colour_strength=strength,
            colour_probability=0.8 if "d" in letters else 0.0,
            flip_probability=0.5 if "e" in letters else 0.0,
            mask_share=mask_share if "f" in letters else 0.0,
        )

    def draw(self, n: int, *keys: int) -> "ViewParameters":
        """Parameters of n views, from a generator that the keys determine."""
        return sample_parameters(self, n, seeded_generator(*keys))

    def apply(self, images: Tensor, parameters: "ViewParameters") -> Tensor:
        """`apply`, of grey images (n, 1, H, W) too: their three equal channels stay equal."""
        if images.shape[1] == 1:
            return apply(images.expand(-1, 3, -1, -1), parameters)[:, :1]
        if images.shape[1] != 3:
            raise ValueError(
                f"images.shape={tuple(images.shape)}: {images.shape[1]} channels, the augmentation is for 1 or 3; use a warp "
                "or a callable"
            )
        return apply(images, parameters)

    def describe(self) -> dict[str, Any]:
        """The parameters of the distribution by name."""
        return asdict(self)


MILD = Augmentation(crop_scale=(0.9, 1.0))
"""Nearly the identity: the largest share of samples is aligned, the least is concentrated by views."""


@dataclass(frozen=True)
class ViewParameters:
    """theta for n views, one row per view; indexing by rows (an int, a slice, a sequence or a tensor) gives those rows.

    box          (n, 4)     left, top, width, height of the crop as shares of the image's sides; (0, 0, 1, 1) keeps all
    flip         (n,)       bool
    blur_sigma   (n,)       pixels; 0 is no blur
    brightness   (n,)       factor; 1 is no change
    contrast     (n,)       factor; 1 is no change
    saturation   (n,)       factor; 1 is no change
    hue          (n,)       turns; 0 is no change
    gray         (n,)       bool
    mask         (n, g, g)  bool, patches of the view from top left; True is black
    """

    box: Tensor
    flip: Tensor
    blur_sigma: Tensor
    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor
    gray: Tensor
    mask: Tensor

    def __len__(self) -> int:
        return self.box.shape[0]

    def __getitem__(self, rows: int | slice | Sequence[int] | Tensor) -> "ViewParameters":
        selected = [rows] if isinstance(rows, int) else rows
        return ViewParameters(**{f.name: getattr(self, f.name)[selected] for f in fields(self)})

    def to(self, device: torch.device | str) -> "ViewParameters":
        """The same parameters on a device."""
        return ViewParameters(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def seeded_generator(*keys: int) -> torch.Generator:
    """A CPU generator determined by non-negative integers; different keys give independent streams.

    Raises ValueError for a negative key.
    """
    if min(keys) < 0:
        raise ValueError(f"keys={keys}: hold a negative seed; use 0 or more")
    state = np.random.SeedSequence(keys).generate_state(1)
    return torch.Generator().manual_seed(int(state[0]))


def identity_parameters(n: int) -> ViewParameters:
    """The parameters of n views that leave their images as they are."""
    zero, one, no = torch.zeros(n), torch.ones(n), torch.zeros(n, dtype=torch.bool)
    box = torch.tensor([0.0, 0.0, 1.0, 1.0]).repeat(n, 1)
    return ViewParameters(box, no, zero, one, one, one, zero, no, mask=torch.zeros(n, 1, 1, dtype=torch.bool))


def sample_parameters(augmentation: Augmentation, n: int, generator: torch.Generator) -> ViewParameters:
    """Draw theta for n views, on the CPU, float32.

    Row i depends on the generator's state and on i, not on n. The crop's area is uniform on crop_scale, its aspect
    ratio log-uniform on the part of [3/4, 4/3] for which the crop fits into the image, its place uniform.
    Raises ValueError for n < 1 or a generator that is not on the CPU.
    """
    if n < 1:
        raise ValueError(f"n={n}: no views to draw; use 1 or more")
    if generator.device.type != "cpu":
        raise ValueError(
            f"generator.device={generator.device}: views would differ between devices; use a generator on the CPU"
        )
    mask = _masks(augmentation, n, generator)
    u = torch.rand(n, _UNIFORMS, generator=generator).unbind(dim=1)
    plain = identity_parameters(n)
    box, sigma = plain.box, plain.blur_sigma
    if augmentation.crop_scale is not None:
        area = _between(u[0], *augmentation.crop_scale)
        low = area.log().clamp_min(math.log(ASPECT_RATIO[0]))
        high = (-area.log()).clamp_max(math.log(ASPECT_RATIO[1]))
        ratio = (low + u[1] * (high - low)).exp()
        width, height = (area * ratio).sqrt().clamp_max(1), (area / ratio).sqrt().clamp_max(1)
        box = torch.stack([u[2] * (1 - width), u[3] * (1 - height), width, height], dim=1)
    if augmentation.blur_sigma is not None:
        sigma = _between(u[4], *augmentation.blur_sigma)
    s = augmentation.colour_strength * (u[5] < augmentation.colour_probability)
    return ViewParameters(
        box=box,
        flip=u[6] < augmentation.flip_probability,
        blur_sigma=sigma,
        brightness=1 + 0.8 * s * (2 * u[7] - 1),
        contrast=1 + 0.8 * s * (2 * u[8] - 1),
        saturation=1 + 0.8 * s * (2 * u[9] - 1),
        hue=0.2 * s * (2 * u[10] - 1),
        gray=u[11] < augmentation.gray_probability,
        mask=mask,
    )


def apply(images: Tensor, parameters: ViewParameters, coarseness: int = 1) -> Tensor:
    """A_theta(x), row by row: crop and mirror, blur, colour, clamp to [0, 1], mask.

    images (n, 3, H, W), float, with n = len(parameters); the result has their dtype and device, and H // coarseness by
    W // coarseness pixels, blurred by as much of the image as at full size. Deterministic, and differentiable in the images.
    The crop is resampled bilinearly. Colour is affine per view: brightness, contrast
    around the view's mean luma, saturation, a hue rotation about the grey axis that keeps luma (in YIQ), then grey. It
    is clamped once, at the end, whereas torchvision clamps after each step.
    Raises ValueError when the shapes do not fit.
    """
    if images.ndim != 4 or images.shape[1] != 3 or images.shape[0] != len(parameters):
        raise ValueError(
            f"images.shape={tuple(images.shape)}: not (n, 3, H, W) with n={len(parameters)}; give one image per row of "
            "parameters"
        )
    height, width = (side // coarseness for side in images.shape[2:])
    p = parameters.to(images.device)
    view = _colour(_blur(_crop(images, p, height, width), p.blur_sigma / coarseness), p).clamp(0, 1)
    return view.masked_fill(_pixels(p.mask, height, width), 0)


def _between(u: Tensor, low: float, high: float) -> Tensor:
    return low + (high - low) * u


def _masks(augmentation: Augmentation, n: int, generator: torch.Generator) -> Tensor:
    """(n, g, g) masks with the same number of patches in every row, from a stream of their own."""
    g = augmentation.mask_grid
    if augmentation.masked_patches == 0:
        return torch.zeros(n, g, g, dtype=torch.bool)
    state = hashlib.sha256(generator.get_state().numpy().tobytes()).digest()
    own = torch.Generator().manual_seed(int.from_bytes(state[:7]))
    rank = torch.rand(n, g * g, generator=own).argsort(dim=1, stable=True).argsort(dim=1)
    return (rank < augmentation.masked_patches).view(n, g, g)


def _pixels(mask: Tensor, height: int, width: int) -> Tensor:
    """Patches (n, g, g) to pixels (n, 1, height, width): pixel i of `height` lies in patch floor(i g / height)."""
    g = mask.shape[1]
    rows, columns = (torch.arange(size, device=mask.device) * g // size for size in (height, width))
    return mask[:, rows][:, :, columns][:, None]


def _crop(images: Tensor, p: ViewParameters, height: int, width: int) -> Tensor:
    """Resample each box to (height, width) by one `grid_sample`, mirrored where asked."""
    n = len(images)
    box = p.box.to(images.dtype)
    sign = 1 - 2 * p.flip.to(images.dtype)
    x = (2 * torch.arange(width, dtype=images.dtype, device=images.device) + 1 - width) / width
    y = (2 * torch.arange(height, dtype=images.dtype, device=images.device) + 1 - height) / height
    grid_x = (2 * box[:, 0] + box[:, 2] - 1)[:, None] + (sign * box[:, 2])[:, None] * x
    grid_y = (2 * box[:, 1] + box[:, 3] - 1)[:, None] + box[:, 3][:, None] * y
    grid = torch.stack(
        [grid_x[:, None, :].expand(n, height, width), grid_y[:, :, None].expand(n, height, width)], dim=-1
    )
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _blur(images: Tensor, sigma: Tensor) -> Tensor:
    """Separable Gaussian blur, one sigma per view, edge pixels repeated beyond the border."""
    n, channels, height, _ = images.shape
    r = BLUR_RADIUS
    offsets = torch.arange(-r, r + 1, dtype=images.dtype, device=images.device)
    # At sigma 1e-3 every weight but the middle one underflows to 0: the kernel of no blur, without dividing by 0.
    scaled = offsets / sigma.to(images.dtype).clamp_min(1e-3)[:, None]
    kernel = torch.softmax(-scaled.square() / 2, dim=1).repeat_interleave(channels, dim=0)
    padded = functional.pad(images, (r, r, r, r), mode="replicate").reshape(1, n * channels, height + 2 * r, -1)
    across = functional.conv2d(padded, kernel[:, None, None, :], groups=n * channels)
    both = functional.conv2d(across, kernel[:, None, :, None], groups=n * channels)
    return both.reshape(images.shape)


def _colour(images: Tensor, p: ViewParameters) -> Tensor:
    """M x + t per view: brightness, contrast, saturation, hue, grey composed into one 3x3 matrix and one offset."""
    n = images.shape[0]
    dtype, device = images.dtype, images.device
    luma = torch.tensor(LUMA, dtype=dtype, device=device)
    eye = torch.eye(3, dtype=dtype, device=device)
    to_grey = luma.expand(3, 3)
    brightness, contrast, saturation = (f.to(dtype)[:, None, None] for f in (p.brightness, p.contrast, p.saturation))
    angle = 2 * math.pi * p.hue.to(dtype)[:, None, None]
    chroma, quarter_turn = (torch.tensor(rows, dtype=dtype, device=device) for rows in _HUE)
    hue = eye + (angle.cos() - 1) * chroma + angle.sin() * quarter_turn
    matrix = brightness * contrast * hue @ (saturation * eye + (1 - saturation) * to_grey)
    matrix = torch.where(p.gray[:, None, None], to_grey @ matrix, matrix)
    # Saturation, hue and grey fix the grey axis, so contrast's offset passes through them unchanged.
    mean_luma = torch.einsum("nchw,c->n", images, luma)[:, None, None] / (images.shape[2] * images.shape[3])
    pixels = matrix @ images.reshape(n, 3, -1) + (1 - contrast) * brightness * mean_luma
    return pixels.reshape(images.shape)


def _hue_matrices() -> tuple[list[list[float]], list[list[float]]]:
    """P, Q with hue rotation by an angle t = I + (cos t - 1) P + sin t Q: rotation of (I, Q) in YIQ, Y fixed."""
    to_yiq = np.array([LUMA, (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112)])
    to_yiq[1:] -= to_yiq[1:].mean(axis=1, keepdims=True)
    from_yiq = np.linalg.inv(to_yiq)
    chroma = from_yiq @ np.diag([0.0, 1.0, 1.0]) @ to_yiq
    quarter_turn = from_yiq @ np.array([[0.0, 0, 0], [0, 0, -1], [0, 1, 0]]) @ to_yiq
    return chroma.tolist(), quarter_turn.tolist()


_HUE = _hue_matrices()
