"""HTML: the page, its style sheet, tables and pictures."""

import base64
from html import escape

STYLE_SHEET = """
:root { color-scheme: light; --ink: #1b1f24; --soft: #5d6670; --line: #e3e7eb; --paper: #ffffff; --wash: #f6f8fa; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--wash); }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; background: var(--paper); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; } h2 { margin: 2.8rem 0 .6rem; font-size: 1.3rem; }
h3 { margin: 1.8rem 0 .3rem; font-size: 1.05rem; } p { max-width: 48rem; } .soft, figcaption { color: var(--soft); }
.lead { font-size: 1.05rem; } ul { max-width: 48rem; padding-left: 1.2rem; } li { margin: .35rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .88rem; }
th { text-align: left; color: var(--soft); font-weight: 600; } th, td { padding: .38rem .6rem; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.yes { background: #e6f4ee; } code { font-size: .86em; } figure { margin: 1rem 0 2rem; }
figure img { width: 100%; height: auto; } figcaption { font-size: .88rem; max-width: 52rem; }
.badge { padding: .1rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.proved { background: #d7f0e4; color: #00573f; } .refuted { background: #fbdcd0; color: #8a2f00; }
.supported { background: #d9ebf7; color: #004a78; } .undecided { background: #eceff2; color: #444; }
details { border-bottom: 1px solid var(--line); padding: .45rem 0; }
summary { cursor: pointer; display: grid; grid-template-columns: 13rem 1fr 6rem 17rem; gap: .8rem; align-items: baseline; }
summary .soft { font-size: .85rem; } summary .badge { justify-self: start; }
@media (max-width: 50rem) { summary { grid-template-columns: 1fr auto; } }
.math { max-width: 100%; margin: .5rem 0; } .steps { font-size: .88rem; } .steps b { font-weight: 600; }
"""


def page(title: str, content: str) -> str:
    """A whole HTML page; `content` is HTML."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{STYLE_SHEET}</style></head><body><main>{content}</main></body></html>\n"
    )


def table(head: list[str], rows: list[list[str]], numbers: int) -> str:
    """A table; columns from index `numbers` on are right-aligned; cells are HTML."""

    right = ' class="n"'

    def cells(tag: str, row: list[str]) -> str:
        return "".join(f"<{tag}{right if i >= numbers else ''}>{cell}</{tag}>" for i, cell in enumerate(row))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{cells("th", head)}</tr>{body}</table></div>'


def picture(svg: str, caption: str, alt: str) -> str:
    """A figure, SVG text, with its caption, HTML."""
    return f'<figure><img alt="{escape(alt)}" src="{data_uri(svg)}"><figcaption>{caption}</figcaption></figure>'


def data_uri(svg: str) -> str:
    """SVG text as a data URI: an image of its own, whose ids cannot clash with those of another."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
