"""The page of the explorer: its own tests pass, and the package has what its sources give."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nb101fast import explorer
from reference import explorer_golden

WEB = Path(__file__).resolve().parents[2] / "web"
PAGE = Path(explorer.__file__).parents[1] / "data" / "explorer"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (WEB / "node_modules").is_dir() or shutil.which("npx") is None,
        reason="the tools of the page are missing: install Node 20, and run `npm ci` in web",
    ),
]


def npx(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        ["npx", "--no-install", *command],
        cwd=WEB,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_computes_what_the_engine_computes(tmp_path: Path) -> None:
    explorer_golden.write(tmp_path / "golden")
    npx("vitest", "run", "--dir", "tests", GOLDEN=str(tmp_path / "golden"))


def test_the_sources_are_sound() -> None:
    npx("tsc", "--noEmit")
    npx("prettier", "--check", ".")


def test_the_page_in_the_package_is_what_the_sources_give(tmp_path: Path) -> None:
    npx("vite", "build", "--outDir", tmp_path)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in PAGE.iterdir()}
