"""Limits and files of a run, which don't belong to the settings of its training."""

from __future__ import annotations

import os
from dataclasses import dataclass

from nb101fast.checks import check_count, check_type
from nb101fast.file_names import checked_name
from nb101fast.skeleton import MAX_SETTING

DEVICES = ("auto", "cpu", "gpu", "tpu")


@dataclass(frozen=True)
class RunOptions:
    """Attempts, limits and files of a run.

    Attributes:
        max_attempts: how many attempts a run has. If a value is not finite, the next attempt begins
            with another seed. After the last attempt, the run has failed.
        max_seconds: the limit of its training. A run that reaches it is evaluated as it is then.
            The official limit is 4 hours.
        checkpoint_folder: a folder in which a long run is saved now and then, so that it can be
            resumed. None saves nothing.
        checkpoint_seconds: the seconds of training between two checkpoints.
        tensorboard_folder: a folder for summaries, with a folder of its own for each run. None
            writes none.

    Raises:
        ValueError: a limit is not positive, or a folder's name is not allowed.
        TypeError: a folder is no path.
    """

    max_attempts: int = 5
    max_seconds: float = 4 * 3600.0
    checkpoint_folder: str | os.PathLike[str] | None = None
    checkpoint_seconds: float = 600.0
    tensorboard_folder: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        check_count("max_attempts", self.max_attempts, 1, MAX_SETTING)
        for name in ("max_seconds", "checkpoint_seconds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise ValueError(f"{name}={value!r} is not allowed; use a number above 0")
        for folder in (self.checkpoint_folder, self.tensorboard_folder):
            if folder is not None:
                checked_name(folder)


def checked_options(options: RunOptions | None) -> RunOptions:
    """The options themselves, or the default ones for None.

    Raises:
        TypeError: they are of another class.
    """
    chosen = RunOptions() if options is None else options
    check_type("options", chosen, RunOptions, use="RunOptions or None")
    return chosen
