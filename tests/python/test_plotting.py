"""The style of the figures, and their files."""

from __future__ import annotations

import base64
import struct
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pytest

from nb101fast import figure_file, plotting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

matplotlib = pytest.importorskip("matplotlib")


@plotting.style()
def drawn(curves: int = 2) -> Figure:
    figure, axes = plotting.panels(1, 2, inches=(2, 1.5), title="two panels")
    for number in range(curves):
        plotting.steps(axes[0], [1, 2, 3], [number, 2, 5], **plotting.line(number))
    return figure


@pytest.mark.parametrize("name", ["$x$", "a$b", "$", r"a\$b$c$", "$\\frac{$", "a\x1b[2J\nb\u202e"])
def test_a_name_is_shown_as_it_is(name: str) -> None:
    """Neither mathematics nor control characters spoil a figure."""
    with plotting.style():
        figure, axes = plotting.panels(title=plotting.plain(name))
        axes[0].plot([1, 2], [1, 2], label=plotting.plain(name))
        axes[0].legend()
    for form in figure_file.FORMATS:
        assert figure_file.render(figure, form)
    shown = axes[0].get_legend().get_texts()[0]
    text, is_math = shown._preprocess_math(shown.get_text())
    assert not is_math
    assert text.isprintable()
    assert text == name or not name.isprintable()


def test_colours_differ() -> None:
    assert len(set(plotting.PALETTE)) == len(plotting.PALETTE)
    colours = [np.array(list(bytes.fromhex(name[1:]))) / 255 for name in plotting.PALETTE]
    for one, other in combinations(colours, 2):
        assert np.linalg.norm(one - other) > 0.25


def test_curves_differ() -> None:
    curves = [plotting.line(number) for number in range(plotting.NUM_LINES)]
    assert len({str(curve) for curve in curves}) == plotting.NUM_LINES
    neighbours = [plotting.curve(number) for number in range(9)]
    for name in ("color", "marker"):
        assert len({curve[name] for curve in neighbours}) == 9


def test_panels_row_by_row() -> None:
    with plotting.style():
        figure, axes = plotting.panels(2, 3, inches=(2, 1))
    assert axes.shape == (6,)
    assert list(figure.get_size_inches()) == [6, 2]
    assert [a.get_subplotspec().colspan.start for a in axes] == [0, 1, 2, 0, 1, 2]


def test_panels_are_stacked_as_if_they_were_made_so() -> None:
    with plotting.style():
        stacked, _ = plotting.panels(2, 2, inches=(5, 2))
        made, _ = plotting.panels(4, 1, inches=(4.2, 2))
        for figure in (stacked, made):
            for width, axes in enumerate(figure.axes):
                axes.plot([0, 10.0**width])
                axes.set_title("title")
        figure_file.render(stacked, "png")
        plotting.stack(stacked)
    for figure in (stacked, made):
        figure_file.render(figure, "svg")
    assert list(stacked.get_size_inches()) == list(made.get_size_inches())
    for one, other in zip(stacked.axes, made.axes, strict=True):
        np.testing.assert_allclose(one.get_position(), other.get_position(), atol=1e-3)


def test_a_step_lasts_until_the_next() -> None:
    assert drawn().axes[0].lines[0].get_drawstyle() == "steps-post"


def test_the_users_settings_neither_change_nor_matter() -> None:
    expected = figure_file.render(drawn(), "svg")
    before = dict(matplotlib.rcParams)
    own: Any = {
        "font.size": 30,
        "axes.grid": False,
        "svg.fonttype": "none",
        "xtick.direction": "in",
    }
    with matplotlib.rc_context(own):
        changed: Any = dict(matplotlib.rcParams)
        assert figure_file.render(drawn(), "svg") == expected
        assert dict(matplotlib.rcParams) == changed
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("form", figure_file.FORMATS)
def test_equal_figures_are_equal_files(form: str) -> None:
    figure = drawn()
    first = figure_file.render(figure, form)
    assert figure_file.render(figure, form) == first
    assert figure_file.render(drawn(), form) == first
    assert figure_file.render(drawn(curves=3), form) != first


def test_unknown_form() -> None:
    with pytest.raises(ValueError, match="form='pdf' is not allowed; use 'png' or 'svg'"):
        figure_file.render(drawn(), "pdf")


@pytest.mark.parametrize("name", ["a.png", "a.svg", "b.SVG"])
def test_the_suffix_decides_the_form(tmp_path: Path, name: str) -> None:
    assert figure_file.write(drawn(), tmp_path / name) == tmp_path / name
    expected = figure_file.render(drawn(), name[-3:].lower())
    assert (tmp_path / name).read_bytes() == expected


@pytest.mark.parametrize("name", ["a", "a.pdf", "png"])
def test_another_suffix_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"is not allowed; use a name that ends with .png or .svg"):
        figure_file.write(drawn(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_figure_in_html() -> None:
    element = figure_file.as_html(figure_file.render(drawn(), "png"), 'a "b" <c>\x1b')
    [image] = ElementTree.fromstring(f"<p>{element.replace('>', '/>')}</p>")
    assert image.get("alt") == 'a "b" <c>\\x1b'
    assert "max-width: 100%; width: 384px" in image.get("style", "")
    source = image.get("src", "").removeprefix("data:image/png;base64,")
    assert base64.b64decode(source) == figure_file.render(drawn(), "png")


def test_a_canvas_is_measured_in_pixels() -> None:
    with plotting.style():
        figure, axes = plotting.canvas(192, 96)
    assert list(figure.get_size_inches()) == [2, 1]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 192), (96, 0))


def test_save(tmp_path: Path) -> None:
    png, svg = figure_file.save(drawn(), tmp_path / "a" / "b", "regret")
    assert sorted(tmp_path.rglob("*.*")) == [png, svg]
    assert struct.unpack(">II", png.read_bytes()[16:24]) == (600, 225)  # 150 dots an inch
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    assert b"<text" not in svg.read_bytes()  # letters are paths, so no font is needed


def test_save_replaces_files(tmp_path: Path) -> None:
    figure_file.save(drawn(), tmp_path, "regret")
    png, svg = figure_file.save(drawn(curves=3), tmp_path, "regret")
    assert svg.read_bytes() == figure_file.render(drawn(curves=3), "svg")
    assert sorted(tmp_path.iterdir()) == [png, svg]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.3, 30], ["0.5", "1", "2", "5", "10", "20"]),
        ([900, 3e6], ["1k", "10k", "100k", "1M"]),
    ],
)
def test_ticks_of_logarithmic_axes(values: list[float], labels: list[str]) -> None:
    with plotting.style():
        figure, axes = plotting.panels()
        axes[0].plot(values, [1, 2])
        plotting.set_log(axes[0], "x")
        figure.draw_without_rendering()
    low, high = axes[0].get_xlim()
    shown = [
        label.get_text()
        for label, place in zip(axes[0].get_xticklabels(), axes[0].get_xticks(), strict=True)
        if low <= place <= high
    ]
    assert shown == labels
    assert axes[0].get_yscale() == "linear"


def test_matrix() -> None:
    values = np.array([[0.0, 1.0], [np.nan, 0.25]])
    with plotting.style():
        _, axes = plotting.panels()
        plotting.matrix(axes[0], values, (4, 108), ".1f", vmin=0, vmax=1)
    texts = {(*text.get_position(), text.get_text(), text.get_color()) for text in axes[0].texts}
    assert texts == {(0, 0, "0.0", "white"), (1, 0, "1.0", "black"), (1, 1, "0.2", "white")}
    assert axes[0].yaxis_inverted()
    assert [label.get_text() for label in axes[0].get_yticklabels()] == ["4", "108"]


def test_without_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with (
        pytest.raises(ImportError, match=r'needs matplotlib: pip install "nb101fast\[plots\]"'),
        plotting.style(),
    ):
        pass


def test_matplotlib_is_loaded_when_it_is_used() -> None:
    program = "import sys, nb101fast.plotting; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
