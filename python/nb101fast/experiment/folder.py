"""The folder of an experiment. Each of its files is written whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._core import visible
from ..file_names import checked_name
from ..regular_file import read_regular
from ..schema import Integer, MapOf, Record, Text, parse
from ..search import OptimizerRuns
from ..whole_file import write_whole
from .plan import ExperimentPlan
from .run_range import RunRange

_MAY_GROW = ("runs", "optimizers")
# What else is there is compared with the plan, whatever it is.
_FACTS = Record({"optimizers": MapOf(Text()), "runs": Integer(1)}, is_open=True)


class Folder:
    """The folder of an experiment: its plan, and its runs in parts.

    Args:
        path: the folder. `claim` makes it if it does not exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(checked_name(path))
        self._facts_path = self.path / "experiment.json"
        self._parts_path = self.path / "runs"

    def check(self, plan: ExperimentPlan) -> None:
        """Check that the plan can be carried out here. Nothing is written.

        Raises:
            NotADirectoryError: the path is a file.
            ValueError: the folder holds another experiment or other files, or experiment.json is
                damaged.
        """
        if self.path.exists() and not self.path.is_dir():
            raise NotADirectoryError(
                f"out={str(self.path)!r} is a file; use a folder or a new name"
            )
        if not self._facts_path.exists():
            if self._parts_path.exists():
                raise ValueError(
                    f"out={str(self.path)!r} has a folder 'runs' but no experiment.json, so it is "
                    "not an experiment's; use another folder"
                )
            return
        there, wanted = self._facts_there(), plan.facts()
        differences = [
            f"{name}={there.get(name)!r}, not {wanted[name]!r}"
            for name in wanted
            if name not in _MAY_GROW and there.get(name) != wanted[name]
        ]
        if there["runs"] > plan.runs:
            differences.append(f"runs={there['runs']}, not {plan.runs} (it may only grow)")
        for name, settings in there["optimizers"].items():
            if (given := wanted["optimizers"].get(name)) != settings:
                differences.append(
                    f"{name}={settings}, not {given}"
                    if given
                    else f"the optimizer {name}, which is left out (optimizers may only be added)"
                )
        if differences:
            shown = visible("; ".join(differences))
            raise ValueError(
                f"out={str(self.path)!r} holds another experiment, with {shown}; use another "
                "folder or the same arguments"
            )

    def claim(self, plan: ExperimentPlan) -> None:
        """Make the folder, and write the plan into it."""
        self._parts_path.parent.mkdir(parents=True, exist_ok=True)
        self.write("experiment.json", json.dumps(plan.facts(), indent=2) + "\n")
        self._parts_path.mkdir(exist_ok=True)

    def keep(self, runs: RunRange, part: bytes) -> None:
        """Write some runs, which are a Parquet file of trajectories or fronts, as a part."""
        path = self._parts_path / f"{runs.optimizer}-{runs.first_run:06}.parquet"
        write_whole(path, part, follows_links=False)

    def parts(self, plan: ExperimentPlan, optimizer: str) -> Iterator[OptimizerRuns]:
        """Yield the parts of an optimizer that are there, in order of their runs.

        Raises:
            ValueError: a file is damaged, or belongs to another experiment.
        """
        if not self._parts_path.is_dir():
            return
        pattern = re.compile(re.escape(optimizer) + r"-(\d{6,})\.parquet")
        names = sorted(filter(pattern.fullmatch, os.listdir(self._parts_path)), key=_first_run)
        for name in names:
            path = self._parts_path / name
            part = plan.results.from_parquet(path)
            named = (optimizer, _first_run(name)) == (part.optimizer, part.first_run)
            if not named or not plan.has(part) or part.first_run + len(part) > plan.runs:
                raise ValueError(f"{path}: {part!r} belongs to another experiment; remove the file")
            yield part

    def runs_done(self, plan: ExperimentPlan, optimizer: str) -> set[int]:
        """The numbers of the runs that are there."""
        parts = self.parts(plan, optimizer)
        return {part.first_run + number for part in parts for number in range(len(part))}

    def write(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        write_whole(self.path / name, text.encode(), follows_links=False)

    def _facts_there(self) -> dict[str, Any]:
        facts: dict[str, Any] = parse(str(self._facts_path), read_regular(self._facts_path), _FACTS)
        return facts


def _first_run(name: str) -> int:
    return int(name.removesuffix(".parquet").rpartition("-")[2])
