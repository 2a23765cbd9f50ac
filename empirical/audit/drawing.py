"""What is drawn in the report of an audit: bars, shades, images."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from empirical.audit.table import number
from empirical.rounding import Direction

SIDE = 112
"""Images are shown about this large, in pixels."""


def bars(
    title: str, forms: dict[str, tuple[float, int]], classes: int, lines: Sequence[tuple[str, float, Direction]]
) -> str:
    """Horizontal bars from 0 to 1 with reference lines, inline SVG that takes its colours from the page."""
    left, width, step, top = 84, 236, 30, 34
    bottom = top + step * len(forms)

    def x(value: float) -> str:
        return f"{left + width * min(max(value, 0.0), 1.0):.1f}"

    def upright(value: float, stroke: str) -> str:
        return f'<line x1="{x(value)}" x2="{x(value)}" y1="{top - 6}" y2="{bottom}" {stroke}/>'

    parts = [f'<text x="0" y="16" font-weight="600">{title}</text>']
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(upright(tick, 'stroke="var(--line)"'))
        parts.append(f'<text class="soft" x="{x(tick)}" y="{bottom + 15}" text-anchor="middle">{tick:g}</text>')
    before = 1.0
    for i, (form, (error, met)) in enumerate(forms.items()):
        y, long, gain = top + step * i, min(error, 1.0) * width, max(before - error, 0.0) * width
        colour = "bar" if met else "line"
        says = f"{number(error, 'upper')}, {met} of {classes}" if met else "none met"
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{form}</text>')
        parts.append(f'<rect x="{left}" y="{y}" width="{long:.1f}" height="20" fill="var(--{colour})"/>')
        parts.append(f'<rect x="{x(error)}" y="{y}" width="{gain:.1f}" height="20" fill="var(--gain)"/>')
        parts.append(f'<text x="{left + width + 10}" y="{y + 14}">{says}</text>')
        before = error
    for i, (name, value, direction) in enumerate(lines):
        y = bottom + 34 + 18 * i
        stroke = 'stroke="var(--true)" stroke-width="2"' + (' stroke-dasharray="4 3"' if i else "")
        parts.append(upright(value, stroke) + f'<line x1="0" x2="24" y1="{y - 4}" y2="{y - 4}" {stroke}/>')
        parts.append(f'<text x="32" y="{y}">measured {name}: {number(value, direction)} ({direction})</text>')
    return (
        f'<figure><svg viewBox="0 0 440 {bottom + 24 + 18 * len(lines)}" role="img" '
        f'aria-label="{title}, form by form; the numbers are in the table below">{"".join(parts)}</svg></figure>'
    )


def heat(value: float) -> str:
    """A number on orange where it is positive and on blue where negative; the larger it is, the stronger the colour."""
    colour = "213,94,0" if value > 0 else "0,114,178"
    return f'<span style="background:rgba({colour},{0.6 * min(abs(value), 1):.2f})">{number(value, "exact", 2)}</span>'


def data_uri(image: Tensor) -> str:
    """PNG of an image (C, H, W), C 1 or 3, brought to a size of about `SIDE`: small ones by repeating pixels."""
    low, high = min(float(image.min()), 0.0), max(float(image.max()), 1.0)
    pixels = ((image.double() - low) / (high - low) * 255).round().byte().cpu().numpy()
    picture = Image.fromarray(pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0)))
    times = SIDE // max(picture.size)
    if times > 1:
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    picture.thumbnail((2 * SIDE, 2 * SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
