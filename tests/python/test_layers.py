"""The order of files and modules that the pages tell is the one that holds."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "src/cpp/nb101"


def section(path: str, begin: str, end: str) -> str:
    """The text of a page between two texts that occur in it."""
    text = (ROOT / path).read_text("utf-8")
    return text[text.index(begin) : text.index(end, text.index(begin))]


def first_column(table: str, name: str) -> list[str]:
    """What the first column of a table of Markdown names, without repetitions."""
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    return re.findall(name, " ".join(cells))


def contract(container: str) -> list[list[str]]:
    """The layers of a package, the lowest first."""
    pattern = rf'^containers = \["{container}"\]$.*?^layers = \[\n(.*?)^\]$'
    found = re.search(
        pattern, (ROOT / "pyproject.toml").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, container
    return [re.findall(r"\w+", layer) for layer in reversed(found[1].splitlines())]


@pytest.mark.parametrize(
    ("container", "listed"),
    [
        (
            "nb101fast",
            first_column(
                section("HACKING.md", "### The Python package", "Two folders"), r"`(\w+)`"
            ),
        ),
        (
            "nb101train",
            [
                *first_column(
                    section("docs/training.md", "## Files", "The page on"), r"`(\w+)[./]"
                ),
                *first_column(section("docs/sweeps.md", "## Files", "Some work"), r"`(\w+)[./]"),
            ],
        ),
    ],
)
def test_a_table_lists_all_modules_in_the_order_of_the_contract(
    container: str, listed: list[str]
) -> None:
    layer_of = {name: number for number, names in enumerate(contract(container)) for name in names}
    assert sorted(listed) == sorted(layer_of)
    ordered = [name for name in listed if name != "shard_runs"]  # the exception that the page tells
    above = [(low, high) for low, high in pairwise(ordered) if layer_of[low] > layer_of[high]]
    assert not above


def test_a_file_of_the_core_includes_only_files_that_hacking_lists_before_it() -> None:
    text = section("HACKING.md", "before it in this list", "Each file includes what it uses")
    listed = " ".join(re.findall(r"`([^`]*)`", text)).split()
    place = {name: number for number, name in enumerate(listed)}
    files = [*CORE.glob("*.hpp"), *CORE.glob("*.cpp")]
    assert sorted(listed) == sorted({file.stem for file in files})
    wrong = [
        (file.name, included)
        for file in files
        for included in re.findall(
            r'^#include "nb101/(\w+)\.hpp"', file.read_text("utf-8"), re.MULTILINE
        )
        if included != file.stem and place[included] >= place[file.stem]
    ]
    assert not wrong
