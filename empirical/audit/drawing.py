"""The look of the report of an audit, and what is drawn in it: bars, shades, images."""

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
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --line: #dfe4e9; --paper: #fff; --wash: #f6f8fa;
  --bar: #0072b2; --gain: #b9d7ea; --true: #c04f00; --yes: #00684a; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #a1abb5; --line: #343b43;
  --paper: #15191d; --wash: #0d1013; --bar: #56b4e9; --gain: #27465a; --true: #f0883e; --yes: #4cc9a0; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--wash); }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; background: var(--paper); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { margin: 2.8rem 0 .6rem; font-size: 1.3rem; } h3 { margin: 1.8rem 0 .3rem; font-size: 1.05rem; }
p, ul, dl { max-width: 48rem; } li { margin: .35rem 0; } .soft, small, figcaption, caption { color: var(--soft); }
small { font-weight: 400; } nav { font-size: .88rem; } nav a { color: inherit; margin-right: 1rem; white-space: nowrap; }
.answer { font-size: 1.08rem; } .answer small { user-select: none; }
.alert { border-left: .3rem solid var(--true); padding-left: 1rem; font-weight: 600; }
.wide { overflow-x: auto; margin: .6rem 0 1.6rem; } table { border-collapse: collapse; font-size: .86rem; }
caption { text-align: left; padding: .3rem 0; } th, td { padding: .34rem .6rem; vertical-align: top; text-align: left; }
tr { border-bottom: 1px solid var(--line); } thead th { color: var(--soft); vertical-align: bottom; line-height: 1.25; }
thead small { display: block; } tbody th { font-weight: 600; min-width: 7rem; max-width: 16rem; }
.n { text-align: right; font-variant-numeric: tabular-nums; } .yes { color: var(--yes); } .says { min-width: 12rem; }
tbody th, td:not(.n) { overflow-wrap: anywhere; } td:not(.n) { min-width: 5.5rem; }
.facts tbody th { color: var(--soft); white-space: nowrap; } code { overflow-wrap: anywhere; }
code { font-size: .86em; } .heat thead small { display: none; } .heat td { padding: 0; }
.heat td span { display: block; padding: .3rem .4rem; print-color-adjust: exact; }
.heat thead th.n { writing-mode: vertical-rl; text-align: left; max-height: 9rem; overflow: hidden; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem 2rem; }
figure { margin: 0; } figcaption { font-size: .84rem; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; fill: var(--ink); } svg .soft { fill: var(--soft); }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(15.5rem, 1fr)); gap: 1.4rem; margin: .8rem 0; }
.pairs img { width: 7rem; height: 7rem; object-fit: contain; image-rendering: pixelated; margin-right: .4rem; }
.scroll { max-height: 12rem; overflow-y: auto; font-size: .8rem; border: 1px solid var(--line); padding: .6rem; }
dt { font-weight: 600; margin-top: .6rem; } dd { margin: 0; }
@media print { body { font-size: 10pt; background: none; } main { max-width: none; padding: 0; } nav { display: none; }
  .wide, .scroll { overflow: visible; max-height: none; } table { font-size: 6.5pt; } th, td { padding: .1rem .2rem; }
  tr, figure { break-inside: avoid; } h2, h3, caption { break-after: avoid; } .says { min-width: 7rem; }
  tbody th { min-width: 4rem; } .panels { grid-template-columns: 1fr 1fr; } .pairs { grid-template-columns: 1fr 1fr 1fr; }
  .pairs img { width: 5.5rem; height: 5.5rem; } }
"""


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
