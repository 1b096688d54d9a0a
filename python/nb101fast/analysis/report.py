"""The report: one HTML page that needs no network, no scripts and no other file."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby

from .._core import visible
from ..codes import NUM_CELLS
from ..description import describe
from .measured import sentence_of_absence, sentences_of_left_out
from .part import Part
from .summary import IndexSummary

_CSS = """
:root { color-scheme: light dark; --ink: #1d1d1f; --faint: #5f6368; --page: #fff; --line: #ddd;
  --loud: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e6e6; --faint: #a0a4a8; --page: #16181b; --line: #3a3d41; --loud: #ff8a80; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; line-height: 1.2; }
h2 { margin: 2.6rem 0 .6rem; font-size: 1.2rem; }
p.about { margin: 0; color: var(--faint); overflow-wrap: anywhere; }
p.loud { padding: .6rem .9rem; border: 2px solid var(--loud); border-radius: 6px;
  color: var(--loud); font-weight: 600; }
figure { margin: 0; }
div.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
div.wide img { display: block; width: 100%; min-width: 38rem; padding: .6rem; background: #fff; }
figcaption { margin-top: .5rem; color: var(--faint); font-size: .92rem; }
table { width: 100%; min-width: 38rem; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line); text-align: left; }
th[scope=rowgroup] { padding-top: 1rem; }
td + td, th + th { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); border-radius: 6px;
  font-size: .8rem; }
"""


def render_report(summary: IndexSummary, pictures: Mapping[str, bytes]) -> str:
    """The text of the page.

    Args:
        summary: the analyses.
        pictures: the SVG files by name of the analysis. An analysis without one has only a caption.
    """
    return "\n".join(_lines(summary, pictures)) + "\n"


def _lines(summary: IndexSummary, pictures: Mapping[str, bytes]) -> Iterator[str]:
    index = summary.index
    name = escape(visible(os.path.basename(index.path)))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{name}: NAS-Bench-101 analysed</title>\n<style>{_CSS}</style>\n</head>\n<body>"
    yield f"<h1>{name}</h1>"
    epochs = ", ".join(map(str, index.epochs))
    yield (
        f'<p class="about">{len(index):,} of {NUM_CELLS:,} cells, {index.num_runs:,} runs, '
        f"epochs {epochs}, repeats {', '.join(map(str, index.repeats))}</p>"
    )
    if index.is_synthetic:
        yield '<p class="loud">SYNTHETIC: every value here was made up for load tests.</p>'
    if summary.missing:
        absence = sentence_of_absence(summary.missing, max(index.epochs))
        needs_it = "What needs it" if len(summary.missing) == 1 else "What needs them"
        yield f'<p class="loud">{escape(absence)} {needs_it} is left out.</p>'
    for sentence in sentences_of_left_out(summary.left_out):
        yield f'<p class="loud">{escape(sentence)}</p>'
    for part in summary.parts:
        yield from _section(part, pictures.get(part.name))
    yield from _table(summary)
    yield f"<h2>The index</h2>\n<pre>{escape(describe(index.reader))}</pre>\n</body>\n</html>"


def _section(part: Part, picture: bytes | None) -> Iterator[str]:
    yield f'<h2 id="{part.name}">{escape(part.title)}</h2>\n<figure>'
    if picture is not None:
        source = base64.b64encode(picture).decode()
        yield (
            f'<div class="wide"><img alt="{escape(part.title)}" '
            f'src="data:image/svg+xml;base64,{source}"></div>'
        )
    yield f"<figcaption>{escape(part.caption)}</figcaption>\n</figure>"


def _table(summary: IndexSummary) -> Iterator[str]:
    yield '<h2 id="numbers">In numbers</h2>'
    if summary.differences:
        yield (
            '<p class="loud">These numbers are not comparable with those of the paper, which are '
            f"of CIFAR-10 and the whole space: {escape('; '.join(summary.differences))}.</p>"
        )
    yield '<div class="wide"><table>\n<thead><tr><th></th><th>this index</th><th>paper</th></tr>'
    yield "</thead>"
    for title, lines in groupby(summary.rows(), key=lambda line: line[0].title):
        yield f'<tbody>\n<tr><th colspan="3" scope="rowgroup">{escape(title)}</th></tr>'
        for _, row in lines:
            cells = (row.name, row.text, row.paper_text)
            yield "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in cells) + "</tr>"
        yield "</tbody>"
    yield "</table></div>"
