"""The report: one HTML page that needs no network, no scripts and no other file."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from .._core import visible
from ..description import describe
from ..drawing import CellDrawing
from ..ids import NUM_CELLS
from ..phrases import counted
from .best_cells import BestCell
from .measured import in_words, sentence_of_absence, sentences_of_left_out
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
h1 { margin: 0 0 .2rem; font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.6rem 0 .6rem; font-size: 1.2rem; }
a { color: inherit; }
nav ol { margin: 1.2rem 0 0; padding-left: 1.4rem; columns: 17rem; }
p.about { margin: 0; color: var(--faint); overflow-wrap: anywhere; }
p.loud { padding: .6rem .9rem; border: 2px solid var(--loud); border-radius: 6px;
  color: var(--loud); font-weight: 600; }
figure { margin: 0; }
picture img { display: block; width: 100%; padding: .6rem; background: #fff;
  border: 1px solid var(--line); border-radius: 6px; }
figcaption { margin-top: .5rem; color: var(--faint); font-size: .92rem; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); text-align: left; }
th[scope=rowgroup] { padding-top: 1rem; }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums; }
ol.cells { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr));
  gap: 1rem; margin: 1rem 0 0; padding: 0; list-style: none; }
ol.cells li { padding: .8rem; border: 1px solid var(--line); border-radius: 6px; }
ol.cells svg { display: block; margin: 0 auto .6rem; max-height: 22rem; }
ol.cells code { display: block; font-size: .75rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto auto; margin: .3rem 0 0; font-size: .92rem; }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .8rem;
  border: 1px solid var(--line); border-radius: 6px; font-size: .68rem; }
@media (max-width: 40rem) { table { font-size: .82rem; } }
"""


_NARROW = "(max-width: 40rem)"  # screens on which the panels of a figure stand below each other
_LAST_SECTIONS = {"numbers": "In numbers", "index": "The index"}


@dataclass(frozen=True)
class Picture:
    """A figure as SVG files: for wide screens, and for narrow ones."""

    wide: bytes
    narrow: bytes


def render_report(summary: IndexSummary, pictures: Mapping[str, Picture]) -> str:
    """The text of the page.

    Args:
        summary: the analyses.
        pictures: by name of the analysis. An analysis without one has only a caption.
    """
    return "\n".join(_lines(summary, pictures)) + "\n"


def render_table(summary: IndexSummary) -> str:
    """The numbers of all analyses beside those of the paper, as a table in HTML."""
    return "\n".join(_table(summary))


def _lines(summary: IndexSummary, pictures: Mapping[str, Picture]) -> Iterator[str]:
    yield from _head(summary)
    yield from _warnings(summary)
    yield from _contents(summary)
    for part in summary.parts:
        yield from _section(part, pictures.get(part.name))
    yield from _cells(summary.best_cells.drawn)
    yield from _heading("numbers")
    yield render_table(summary)
    yield from _heading("index")
    yield f"<pre>{escape(describe(summary.index.reader))}</pre>\n</body>\n</html>"


def _head(summary: IndexSummary) -> Iterator[str]:
    """The beginning of the page: the name of the index, and how much it holds."""
    index = summary.index
    name = escape(visible(os.path.basename(index.path)))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{name}: NAS-Bench-101 analysed</title>\n<style>{_CSS}</style>\n</head>\n<body>"
    yield f"<h1>{name}</h1>"
    epochs = ", ".join(map(str, index.epochs))
    yield (
        f'<p class="about">{len(index):,} of {NUM_CELLS:,} cells, '
        f"{counted(index.num_runs, 'run')}, epochs {epochs}, "
        f"repeats {', '.join(map(str, index.repeats))}</p>"
    )


def _warnings(summary: IndexSummary) -> Iterator[str]:
    """What a reader must know before the numbers: made-up values, and what is left out."""
    if summary.index.is_synthetic:
        yield '<p class="loud">SYNTHETIC: every value here was made up for load tests.</p>'
    if summary.missing:
        absence = sentence_of_absence(summary.missing, max(summary.index.epochs))
        them = "it" if len(summary.missing) == 1 else "them"
        left_out = f"The numbers and figures that need {them} are left out."
        yield f'<p class="loud">{escape(absence)} {left_out}</p>'
    for sentence in sentences_of_left_out(summary.left_out):
        yield f'<p class="loud">{escape(sentence)}</p>'


def _contents(summary: IndexSummary) -> Iterator[str]:
    sections = {part.name: part.title for part in summary.parts} | _LAST_SECTIONS
    links = (f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in sections.items())
    yield f"<nav><ol>\n{''.join(links)}\n</ol></nav>"


def _heading(name: str) -> Iterator[str]:
    yield f'<h2 id="{name}">{_LAST_SECTIONS[name]}</h2>'


def _section(part: Part, picture: Picture | None) -> Iterator[str]:
    yield f'<h2 id="{part.name}">{escape(part.title)}</h2>\n<figure>'
    if picture:
        yield (
            f'<picture><source media="{_NARROW}" srcset="{_source(picture.narrow)}">'
            f'<img alt="{escape(part.title)}" src="{_source(picture.wide)}"></picture>'
        )
    yield f"<figcaption>{escape(part.caption)}</figcaption>\n</figure>"


def _source(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _cells(drawn: Sequence[BestCell]) -> Iterator[str]:
    """The best cells as pictures, each with its hash and its numbers."""
    if not drawn:
        return
    yield '<ol class="cells">'
    for place, each in enumerate(drawn, 1):
        numbers = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in _numbers(each))
        yield (
            f"<li>{CellDrawing(each.cell.matrix, each.cell.ops).as_svg()}"
            f"<strong>{place}. id {each.cell.id}</strong><code>{each.cell.hash}</code>"
            f"<dl>{numbers}</dl></li>"
        )
    yield "</ol>"


def _numbers(best: BestCell) -> Iterator[tuple[str, str]]:
    for metric, value in best.numbers.items():
        text = f"{value:.4f}" if metric.endswith("accuracy") else f"{value:,.0f}"
        if metric == "test_accuracy" and not math.isnan(best.error):
            text += f" ± {best.error:.4f}"
        if metric == "training_time":
            text = f"{value:,.1f} s"
        yield in_words(metric), text


def _table(summary: IndexSummary) -> Iterator[str]:
    if summary.differences:
        yield (
            '<p class="loud">These numbers are not comparable with those of the paper, which are '
            f"of CIFAR-10 and the whole space: {escape('; '.join(summary.differences))}.</p>"
        )
    yield "<table>\n<thead><tr><th></th><th>this index</th><th>paper</th></tr>"
    yield "</thead>"
    for title, lines in groupby(summary.rows(), key=lambda line: line[0].title):
        yield f'<tbody>\n<tr><th colspan="3" scope="rowgroup">{escape(title)}</th></tr>'
        for _, row in lines:
            cells = (row.name, row.text, row.paper_text)
            yield "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in cells) + "</tr>"
        yield "</tbody>"
    yield "</table>"
