"""The pages of docs about training: a new user can follow them, block by block."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reference.libraries import needs
from reference.pages import ROOT, follow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash"),
    needs("tensorflow"),
]


@pytest.mark.parametrize("name", ["command_line.md", "sweeps.md", "training.md"])
def test_a_new_user_can_follow(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Networks so small give several threads little to share, and much to wait for.
    for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        monkeypatch.setenv(variable, "1")
    monkeypatch.chdir(tmp_path)
    # The Python of the pages runs in this process, which has loaded TensorFlow already.
    lacking = follow(ROOT / "docs" / name)
    if lacking is not None:
        pytest.skip(f"the rest was left out: {lacking}")
