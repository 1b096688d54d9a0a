"""The files of an experiment that depend on nothing but its settings."""

from __future__ import annotations

from pathlib import Path

NAMES = ("trajectories.parquet", "summary.json", "summary.csv", "regret.svg")


def results(folder: Path) -> dict[str, bytes]:
    """The contents of these files, by name."""
    return {name: (folder / name).read_bytes() for name in NAMES}
