"""What a run does beside training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunOptions:
    """Attempts, limits and files of a run.

    Attributes:
        max_attempts: how often a run that doesn't stay finite begins, each time with another seed.
        max_seconds: of training, after which a run is evaluated as it is; officially 4 hours.
        checkpoint_folder: where a run is saved now and then, to be resumed; None: nowhere.
        checkpoint_seconds: of training between two checkpoints.
        tensorboard_folder: for summaries, one folder a run; None: nowhere.
    """

    max_attempts: int = 5
    max_seconds: float = 4 * 3600.0
    checkpoint_folder: str | None = None
    checkpoint_seconds: float = 600.0
    tensorboard_folder: str | None = None

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"max_attempts={self.max_attempts}; 1 or more are allowed")
        for name in ("max_seconds", "checkpoint_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)}; more than 0 is allowed")
