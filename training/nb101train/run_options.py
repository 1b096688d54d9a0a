"""Limits and files of a run, which don't belong to the settings of its training."""

from __future__ import annotations

from dataclasses import dataclass

DEVICES = ("auto", "cpu", "gpu", "tpu")


@dataclass(frozen=True)
class RunOptions:
    """Attempts, limits and files of a run.

    Attributes:
        max_attempts: how often a run begins anew, each time with another seed, when its values are
            not finite. After that many attempts it has failed.
        max_seconds: the limit of its training. A run that reaches it is evaluated as it is then.
            The official limit is 4 hours.
        checkpoint_folder: a folder in which a long run is saved now and then, so that it can be
            resumed. None saves nothing.
        checkpoint_seconds: the seconds of training between two checkpoints.
        tensorboard_folder: a folder for summaries, with a folder of its own for each run. None
            writes none.

    Raises:
        ValueError: a limit is not positive.
    """

    max_attempts: int = 5
    max_seconds: float = 4 * 3600.0
    checkpoint_folder: str | None = None
    checkpoint_seconds: float = 600.0
    tensorboard_folder: str | None = None

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts={self.max_attempts} is not allowed; use 1 or more")
        for name in ("max_seconds", "checkpoint_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)} is not allowed; use more than 0")
