"""The benchmark for Optuna, OptunaHub, Ray Tune, PyTorch and predictors.

Each module imports the library that it is named after when it is imported itself, and needs
`pip install "nb101fast[adapters]"`; `predictor_data` needs NumPy alone, and `torch_network` needs
`pip install "nb101fast[torch]"`. The trainings that they
evaluate are those of a `search.SimulatedTraining`.

>>> from nb101fast.adapters.optuna_objective import Objective
"""
