"""README and the pages of docs: a new user can follow them, block by block."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast import inception
from reference.pages import NOTEBOOKS, PAGES, ROOT, blocks, check_in_process, follow

TRAINING = ("command_line.md", "sweeps.md", "training.md")  # tests/training follows these
SLOW = ("README.md", "adapters.md", "analysis.md", "compiling.md", "experiment.md")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture(scope="module")
def official_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the names of the official files mean small files of made-up values."""
    folder = tmp_path_factory.mktemp("official")
    codes = nb101fast.cell_codes()[:3000]
    codes = np.append(codes, np.uint32(nb101fast.encode(inception.MATRIX, inception.OPS)))
    nb101fast.synthetic.write_tfrecord(folder / "nasbench_full.tfrecord", codes=codes)
    nb101fast.synthetic.write_index(folder / "nasbench_full.nb101", codes=codes)
    return folder


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name, marks=[pytest.mark.slow] * (page.name in SLOW))
        for page in PAGES
        if blocks(page) and page.name not in TRAINING
    ],
)
def test_a_new_user_can_follow(page: Path, tmp_path: Path, official_files: Path) -> None:
    check_in_process(page, shutil.copytree(official_files, tmp_path / "folder"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_fence_of_a_page_is_a_block(page: Path) -> None:
    text = page.read_text("utf-8")
    fences = len(re.findall(r"^\s*```", text, re.MULTILINE))
    directives = len(re.findall(r"^```\{", text, re.MULTILINE))
    marks = re.findall(r"<!-- (?:not run|numbers vary): ", text)
    assert len(blocks(page)) == fences / 2 - directives
    assert sum(block.mark is not None for block in blocks(page)) == len(marks)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_has_an_indented_command(page: Path) -> None:
    """Markdown takes indented lines for a program too, but nothing here would run it."""
    outside = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"\n\n    \S", outside)


@pytest.mark.parametrize("page", NOTEBOOKS, ids=lambda page: page.name)
def test_a_notebook_has_nothing_that_is_not_executed_and_can_be_downloaded(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(re.findall(r"^```\{code-cell\} ipython3$", text, re.MULTILINE)) >= 5
    assert blocks(page) == []
    assert f"<{page.stem}.ipynb>`" in text


def test_every_link_of_readme_leads_to_a_file() -> None:
    paths = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[0].read_text("utf-8"))
    assert len(paths) >= 20
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_every_extra_that_a_page_names_exists() -> None:
    named: dict[str, set[str]] = {"nb101fast": set(), "nb101train": set()}
    for page in PAGES:
        for wanted, listed in re.findall(r'"([\w./]+)\[([\w,-]+)\]"', page.read_text("utf-8")):
            package = {".": "nb101fast", "./training": "nb101train"}.get(wanted, wanted)
            named[package].update(listed.split(","))
    assert {"all", "arrow", "plots", "test-train"} <= named["nb101fast"]
    assert named["nb101fast"] <= extras_of(ROOT / "pyproject.toml")
    assert {"tensorflow"} <= named["nb101train"] <= extras_of(ROOT / "training" / "pyproject.toml")


def extras_of(project: Path) -> set[str]:
    section = project.read_text("utf-8").partition("[project.optional-dependencies]\n")[2]
    return set(re.findall(r"^([\w-]+) = \[", section.partition("\n[")[0], re.MULTILINE))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```sh\ntest -e nothing\n```\n", "page.md:2: the command failed"),
        ("```python\nprint(1)\n```\n\n```\n2\n```\n", "page.md:6 shows\n\n2"),
        ("```python\nx = 3\nx  # 4\n```\n", "page.md:2: x is 3, not 4"),
        ("```pycon\n>>> 1 + 1\n3\n\n```\n", "Expected:\n    3\nGot:\n    2"),
        ("```\n$ echo in 3 s\nin 4 minutes\n```\n", "this was printed:\n\n$ echo in 3 s"),
        ("```yaml\na: 1\n```\n", "page.md:2: unknown language 'yaml'"),
    ],
)
def test_a_wrong_page_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, complaint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        follow(tmp_path / "page.md")


def test_what_varies_may_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = "```\n$ echo 5 cells in 3.1 s\n{} cells in 0.2 s\n```\n"
    page = tmp_path / "page.md"
    page.write_text(session.format(5) + "<!-- numbers vary: a test -->\n" + session.format(7))
    assert follow(page) is None


def test_a_missing_library_ends_the_page_and_a_missing_name_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text("```python\nimport nowhere\n```\n\n```sh\nfalse\n```\n")
    assert follow(page) == "page.md:2: nowhere is not installed: pip install nowhere"
    page.write_text("```python\nfrom nb101fast import nothing\n```\n")
    with pytest.raises(ImportError, match="nothing"):
        follow(page)
