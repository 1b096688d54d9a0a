"""What the two packages, nb101fast and nb101train, say about themselves and install."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

import nb101fast
from reference.libraries import needs

ROOT = Path(__file__).resolve().parents[2]


def test_all_files_state_the_same_version() -> None:
    stated = {
        path: re.findall(pattern, (ROOT / path).read_text("utf-8"), re.MULTILINE)
        for path, pattern in {
            "pyproject.toml": r'^version = "(.+)"$',
            "training/pyproject.toml": r'^version = "(.+)"$|"nb101fast==([^"]+)"',
            "CITATION.cff": r"^version: (.+)$",
        }.items()
    }
    version = nb101fast.__version__
    assert stated == {
        "pyproject.toml": [version],
        "training/pyproject.toml": [(version, ""), ("", version)],
        "CITATION.cff": [version],
    }


@pytest.mark.parametrize(
    "name", ["nb101fast", pytest.param("nb101train", marks=needs("nb101train"))]
)
def test_a_package_installs_itself_alone_and_a_command_of_its_name(name: str) -> None:
    distribution = metadata.distribution(name)
    assert distribution.version == nb101fast.__version__
    assert [script.name for script in distribution.entry_points] == [name]
    folders = {path.parts[0] for path in distribution.files or () if len(path.parts) > 1}
    own = {name, f"{name}-{distribution.version}.dist-info"}
    assert folders & own
    assert folders <= own | {"..", "__pycache__"}  # the command; what pip compiles if editable
