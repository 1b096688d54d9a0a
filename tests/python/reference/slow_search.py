"""Optimizers in Python for tests. The environment can make one slow, or make it die."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import numpy as np

from nb101fast.search import SimulatedTraining, Trial

DELAY = "NB101FAST_TEST_DELAY"  # seconds before each run
SLOW = {DELAY: "0.1"}  # variables of a process whose runs take long enough to be interrupted
HOLD = "NB101FAST_TEST_HOLD"  # a folder; while it has the file HELD, no run begins
HELD = "held"
VICTIM = "NB101FAST_TEST_VICTIM"  # a file; the process that removes it dies


class PlainSearch:
    """Propose random matrices with few edges."""

    def __init__(self, training: SimulatedTraining, seed: int) -> None:
        self._random = random.Random(seed)
        self._epochs = training.epochs[-1]
        time.sleep(float(os.environ.get(DELAY, "0")))
        if hold := os.environ.get(HOLD):
            _wait(Path(hold))

    def ask(self) -> tuple[int, int]:
        edges = [1 << self._random.randrange(21) for _ in range(7)]
        return sum(set(edges)) | self._random.randrange(3) << 21, self._epochs

    def tell(self, trial: Trial) -> None:
        victim = os.environ.get(VICTIM)
        if victim and Path(victim).exists():
            os.remove(victim)
            os.kill(os.getpid(), signal.SIGKILL)


def _wait(folder: Path) -> None:
    """Wait while runs are held. A file with the number of this process says that it waits."""
    while (folder / HELD).exists():
        (folder / str(os.getpid())).touch()
        time.sleep(0.02)


class HungrySearch(PlainSearch):
    """Wants more memory than there is."""

    def ask(self) -> tuple[int, int]:
        np.zeros(1 << 60, np.uint8)
        raise AssertionError
