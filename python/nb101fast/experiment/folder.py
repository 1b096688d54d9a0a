"""The folder of an experiment: what it is, and its runs, each part there whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._core import AtomicFile
from ..index import checked_name
from ..search import Trajectories
from .plan import Plan

_MAY_GROW = ("runs", "optimizers")


class Folder:
    """Where an experiment lies.

    Args:
        path: of the folder, made by `claim` where it isn't there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(checked_name(path))
        self._facts_path = self.path / "experiment.json"
        self._parts_path = self.path / "runs"

    def check(self, plan: Plan) -> None:
        """ValueError or OSError where the plan can't be carried out here. Nothing is written."""
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(f"out={str(self.path)!r} is a file; a folder is allowed")
        if not self._facts_path.exists():
            if self._parts_path.exists():
                raise ValueError(
                    f"out={str(self.path)!r} has a folder 'runs' without an experiment.json: it is "
                    "no experiment's"
                )
            return
        there, wanted = self._facts_there(), plan.facts()
        differences = [
            f"{name}={there.get(name)!r}, not {wanted[name]!r}"
            for name in wanted
            if name not in _MAY_GROW and there.get(name) != wanted[name]
        ]
        if there["runs"] > plan.runs:
            differences.append(f"runs={there['runs']}, not {plan.runs}: it may grow")
        for name, settings in there["optimizers"].items():
            if (given := wanted["optimizers"].get(name)) != settings:
                differences.append(
                    f"{name}={settings}, not {given or 'left out: more may be added'}"
                )
        if differences:
            raise ValueError(
                f"out={str(self.path)!r} holds another experiment: {'; '.join(differences)}"
            )

    def claim(self, plan: Plan) -> None:
        """Make the folder, and say in it what the experiment is."""
        self._parts_path.parent.mkdir(parents=True, exist_ok=True)
        self.write("experiment.json", json.dumps(plan.facts(), indent=2) + "\n")
        self._parts_path.mkdir(exist_ok=True)

    def keep(self, part: Trajectories) -> None:
        """Write some runs."""
        part.to_parquet(self._parts_path / f"{part.optimizer}-{part.first_run:06}.parquet")

    def parts(self, plan: Plan, optimizer: str) -> Iterator[Trajectories]:
        """The runs of an optimizer that are there, part after part.

        Raises:
            ValueError: a file that is none, or of another experiment.
        """
        if not self._parts_path.is_dir():
            return
        pattern = re.compile(re.escape(optimizer) + r"-(\d{6,})\.parquet")
        names = sorted(filter(pattern.fullmatch, os.listdir(self._parts_path)), key=_first_run)
        for name in names:
            path = self._parts_path / name
            part = Trajectories.from_parquet(path)
            named = (optimizer, _first_run(name)) == (part.optimizer, part.first_run)
            if not named or not plan.has(part) or part.first_run + len(part) > plan.runs:
                raise ValueError(f"{path}: {part!r} is of another experiment; remove the file")
            yield part

    def runs_done(self, plan: Plan, optimizer: str) -> set[int]:
        """The numbers of the runs that are there."""
        parts = self.parts(plan, optimizer)
        return {part.first_run + number for part in parts for number in range(len(part))}

    def write(self, name: str, text: str) -> None:
        """A text file, whole or not at all."""
        file = AtomicFile(str(self.path / name))
        file.write(text.encode())
        file.commit()

    def _facts_there(self) -> dict[str, Any]:
        try:
            facts = json.loads(self._facts_path.read_bytes())
            if isinstance(facts["optimizers"], dict) and isinstance(facts["runs"], int):
                return dict(facts)
        except (ValueError, KeyError, TypeError):
            pass
        raise ValueError(f"{self._facts_path}: damaged; no experiment can go on here")


def _first_run(name: str) -> int:
    return int(name.removesuffix(".parquet").rpartition("-")[2])
