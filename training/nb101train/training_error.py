"""The error of a run that failed. It stands apart, because it needs no TensorFlow."""


class TrainingError(Exception):
    """Each attempt at a run met a value that is not finite."""

    def __init__(self, attempts: int, reason: str) -> None:
        super().__init__(reason if attempts == 1 else f"{reason}, in each of {attempts} attempts")
        self.attempts = attempts
