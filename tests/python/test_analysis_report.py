"""The files of `analyze`: the page and the tables; and the errors."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

import nb101fast
from nb101fast import analysis, figure_file
from nb101fast.__main__ import main
from nb101fast.analysis import AnalysisReport
from nb101fast.locations import BUILT_IN
from reference import tfrecord
from reference.runs import with_values
from reference.tfrecord import Record

pytestmark = pytest.mark.slow

pytest.importorskip("matplotlib")

ODD_NAME = 'R&D <b> "x".nb101'
PARTS = {
    "distributions",
    "relations",
    "replacements",
    "shapes",
    "budgets",
    "locality",
    "best_cells",
}
TABLES = {"analysis.json", "analysis.csv", "report.html"}
OLD_FILES = ("budgets.svg", "mine.svg")  # the first is of an earlier analysis
LINKS = (*TABLES, "distributions.png", "distributions.svg")
VOID = {"meta", "img", "br", "source"}


class Prepared(NamedTuple):
    """A report, the steps that `progress` was told, and the target of the planted links."""

    report: AnalysisReport
    told: list[tuple[int, int]]
    victim: Path


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> AnalysisReport:
    folder = tmp_path_factory.mktemp("digits") / "new" / "analysis"
    return analysis.analyze(nb101fast.open(BUILT_IN), folder)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A report of 50 cells with one run at one budget, in a folder that had files already.

    The name of the index has characters of HTML. Somebody has planted symbolic links in the folder.
    """
    folder = tmp_path_factory.mktemp("made_up")
    cells = nb101fast.cell_codes()[:50]
    nb101fast.synthetic.write_index(folder / ODD_NAME, codes=cells, epochs=(108,), repeats=1)
    out = folder / "out"
    out.mkdir()
    for name in OLD_FILES:
        (out / name).write_text("old")
    for name in LINKS:
        (out / name).symlink_to(folder / "victim")
    told: list[tuple[int, int]] = []
    report = analysis.analyze(
        nb101fast.open(folder / ODD_NAME), out, progress=lambda *done: told.append(done)
    )
    return Prepared(report, told, folder / "victim")


@pytest.fixture(scope="module")
def made_up(prepared: Prepared) -> AnalysisReport:
    return prepared.report


class Page(HTMLParser):
    """A parsed page. Tags must be closed in the right order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.rows: list[list[str]] = []
        self.feed(path.read_text("utf-8"))
        self.close()
        assert not self.open_tags

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open_tags and self.open_tags[-1] == "style":
            self.style += data
        else:
            self.text += data
        if self.open_tags and self.open_tags[-1] == "td":
            self.rows[-1][-1] += data

    def sources(self) -> list[str]:
        return [attributes["src"] or "" for tag, attributes in self.tags if tag == "img"]


@pytest.fixture(params=["digits", "made_up"])
def report(request: pytest.FixtureRequest) -> AnalysisReport:
    chosen: AnalysisReport = request.getfixturevalue(request.param)
    return chosen


# ---------------------------------------------------------------- the page


def test_page_needs_nothing_else(report: AnalysisReport) -> None:
    page = Page(report.path)
    assert {"script", "link", "iframe", "object"}.isdisjoint(tag for tag, _ in page.tags)
    for tag, attributes in page.tags:
        assert not {"onload", "background"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
        if "srcset" in attributes:
            assert (attributes["srcset"] or "").startswith("data:image/svg+xml;base64,")
        if "src" in attributes:
            assert tag == "img"
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources())
    assert "url(" not in page.style
    assert "@import" not in page.style
    assert report.path.stat().st_size < 3_000_000


def test_pictures_are_whole(report: AnalysisReport) -> None:
    page = Page(report.path)
    pictures = [part.name for part in report.summary.parts if part.figure() is not None]
    assert list(report.figures) == pictures
    assert len(page.sources()) == len(pictures)
    for name, source in zip(pictures, page.sources(), strict=True):
        contents = base64.b64decode(source.partition(",")[2])
        assert contents == (report.path.parent / f"{name}.svg").read_bytes()
        for element in ElementTree.fromstring(contents).iter():
            for attribute, value in element.attrib.items():
                if attribute.endswith("href"):
                    assert value.startswith(("#", "data:"))


def test_each_entry_of_the_contents_leads_to_a_section(report: AnalysisReport) -> None:
    page = Page(report.path)
    headings = [attributes["id"] for tag, attributes in page.tags if tag == "h2"]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert links == [f"#{name}" for name in headings]
    assert [part.name for part in report.summary.parts] == headings[:-2]


def test_narrow_screens_get_figures_whose_panels_stand_below_each_other(
    report: AnalysisReport,
) -> None:
    page = Page(report.path)
    sources = [attributes for tag, attributes in page.tags if tag == "source"]
    assert len(sources) == len(page.sources())
    for attributes in sources:
        assert attributes["media"] == "(max-width: 40rem)"
        narrow = base64.b64decode((attributes["srcset"] or "").partition(",")[2])
        points = float(ElementTree.fromstring(narrow).attrib["width"].removesuffix("pt"))
        assert points <= 4.2 * 72  # so letters of 9.5 points are 11 pixels high at 400 pixels


def test_nothing_makes_the_page_wider_than_the_screen(report: AnalysisReport) -> None:
    style = Page(report.path).style
    assert "min-width" not in style
    assert "nowrap" not in style


def test_the_best_cells_are_drawn_with_their_hashes_and_numbers(report: AnalysisReport) -> None:
    page = Page(report.path)
    index = report.summary.index
    best = [nb101fast.Cell.from_id(cell) for cell in index.top_k("test_accuracy", 6)]
    assert [each.cell for each in report.summary.best_cells.drawn] == best
    assert sum(tag == "svg" for tag, _ in page.tags) == 6
    for cell in best:
        assert cell.hash in page.text
        assert f"{index.query(cell)['test_accuracy']:.4f}" in page.text


def test_a_report_shows_its_numbers_and_in_a_notebook_its_figures_too(
    report: AnalysisReport,
) -> None:
    lines = repr(report).splitlines()
    assert lines[0] == str(report.path)
    for _, row in report.summary.rows():
        assert any(line.strip().startswith(f"{row.name}: {row.text}") for line in lines)
    html = report._repr_html_()
    assert html.count("<img ") == len(report.figures)
    assert html.count("<table>") == 1


def test_page_says_everything(report: AnalysisReport) -> None:
    page = Page(report.path)
    for part in report.summary.parts:
        assert part.title in page.text
        assert part.caption in page.text
    expected = [[row.name, row.text, row.paper_text] for _, row in report.summary.rows()]
    assert [row for row in page.rows if row] == expected


def test_page_of_made_up_values_says_so(digits: AnalysisReport, made_up: AnalysisReport) -> None:
    page = Page(made_up.path)
    assert "SYNTHETIC: every value here was made up" in page.text
    assert "the values are SYNTHETIC, made up for load tests; the index has 50 of" in page.text
    assert "unknown" in page.text
    assert "SYNTHETIC" not in Page(digits.path).text
    assert "These numbers are not comparable with those of the paper" in Page(digits.path).text
    assert (
        "the cells were trained on digits; the index has 91 of 423,624 cells"
        in Page(digits.path).text
    )


def test_page_names_the_index(made_up: AnalysisReport) -> None:
    page = Page(made_up.path)
    assert page.text.count(ODD_NAME) == 3  # title, heading, description
    assert "b" not in {tag for tag, _ in page.tags}


# ---------------------------------------------------------------- the tables


def test_json(report: AnalysisReport) -> None:
    contents = json.loads((report.path.parent / "analysis.json").read_text())
    index = report.summary.index
    assert contents["index"]["path"] == index.path
    assert contents["index"]["cells"] == len(index)
    assert contents["comparable_with_paper"] is False
    for line, (part, row) in zip(contents["rows"], report.summary.rows(), strict=True):
        assert (line["analysis"], line["name"], line["unit"]) == (part.name, row.name, row.unit)
        assert line["paper"] == row.paper
        assert line["value"] == (row.value if row.value == row.value else None)


def test_csv(report: AnalysisReport) -> None:
    text = (report.path.parent / "analysis.csv").read_text()
    lines = list(csv.DictReader(io.StringIO(text)))
    for line, (part, row) in zip(lines, report.summary.rows(), strict=True):
        assert (line["analysis"], line["name"]) == (part.name, row.name)
        assert line["value"] == ("" if row.value != row.value else repr(row.value))
        assert line["comparable_with_paper"] == ("" if row.paper is None else "false")


def test_the_papers_numbers_are_given(digits: AnalysisReport) -> None:
    paper = {row.name: row.paper for _, row in digits.summary.rows() if row.paper is not None}
    assert paper["best mean test accuracy"] == 0.943175752957662
    assert paper["Pearson, validation accuracy and test accuracy"] == 0.999
    assert paper["Spearman, 36 and 108 epochs, top 10 %"] == 0.365
    assert paper["conv 1x1 to max-pool 3x3: training time"] == 5.04
    assert paper["further cells within 2 standard errors of the best"] == 11


def test_an_index_like_the_papers_is_comparable(digits: AnalysisReport) -> None:
    class Official:
        is_synthetic = False
        provenance: dict[str, Any] = {"training": [{"dataset": "cifar10:a.tar.gz"}]}  # noqa: RUF012
        epochs = (4, 12, 36, 108)

        def __len__(self) -> int:
            return nb101fast.NUM_CELLS

    official: Any = Official()
    summary = analysis.IndexSummary(official, (), {}, *digits.summary.parts)  # type: ignore[arg-type]
    assert summary.differences == []


# ---------------------------------------------------------------- the folder


def test_files(digits: AnalysisReport, made_up: AnalysisReport) -> None:
    pictures = {f"{name}.{form}" for name in PARTS for form in ("png", "svg")}
    assert {path.name for path in digits.files} == pictures | TABLES
    assert set(digits.path.parent.iterdir()) == set(digits.files)
    assert digits.path == digits.files[-1]
    one_budget = pictures - {"budgets.png", "budgets.svg"}
    assert {path.name for path in made_up.files} == one_budget | TABLES


def test_the_command_writes_the_same_files(
    digits: AnalysisReport, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(BUILT_IN), "--out", str(tmp_path / "out")]) == 0
    page = tmp_path / "out" / "report.html"
    said = capsys.readouterr().out
    assert (
        said
        == f"{page}: open it in a browser; the folder has 16 other files, the figures among them\n"
    )
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert len(list(page.parent.iterdir())) == len(digits.files)
    for file in digits.files:
        assert (page.parent / file.name).read_bytes() == file.read_bytes()


def test_page_says_what_is_missing(
    small_sample: tuple[Path, list[Record]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figure_file, "render", lambda figure, form: b"")  # to save time
    records = with_values(small_sample[1], {"test_accuracy": math.nan})
    (tmp_path / "runs.tfrecord").write_bytes(tfrecord.write(records))
    nb101fast.compile(tmp_path / "runs.tfrecord", tmp_path / "runs.nb101")
    report = analysis.analyze(nb101fast.open(tmp_path / "runs.nb101"), tmp_path / "out")
    absence = "This index has no test accuracy at 108 epochs."
    left_out = "The numbers and figures that need it are left out."
    assert f"{absence} {left_out}" in Page(report.path).text
    contents = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert contents["missing_metrics"] == ["test_accuracy"]
    assert not any("best_cells" in path.name for path in report.files)


def test_links_that_someone_planted_are_not_written_through(prepared: Prepared) -> None:
    folder = prepared.report.path.parent
    assert set(LINKS) < {path.name for path in prepared.report.files}
    assert not any((folder / name).is_symlink() for name in LINKS)
    assert not prepared.victim.exists()


def test_old_figures_are_removed_and_progress_is_told(prepared: Prepared) -> None:
    folder = prepared.report.path.parent
    assert not (folder / "budgets.svg").exists()
    assert (folder / "mine.svg").read_text() == "old"
    assert prepared.told == [(done, 14) for done in range(1, 15)]


def test_out_must_not_be_a_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(NotADirectoryError, match="out' is a file; use a folder or a new name"):
        analysis.analyze(nb101fast.open(BUILT_IN), out)
    assert out.read_text() == "mine"


def test_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'needs matplotlib: pip install "nb101fast\[plots\]"'):
        analysis.analyze(nb101fast.open(BUILT_IN), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    distances = analysis.summarize(nb101fast.open(BUILT_IN)).locality.distances
    assert distances is not None
    assert distances.best_id == 16
