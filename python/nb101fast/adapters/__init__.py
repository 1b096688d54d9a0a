"""The benchmark for Optuna, OptunaHub, pymoo, Ray Tune, Syne Tune, PyTorch and predictors.

Each module imports the library that it is named after when it is imported itself, and needs
`pip install "nb101fast[adapters]"`; `predictor_data` needs NumPy alone, `torch_network` needs
`"nb101fast[torch]"`, and `syne_tune` needs `"nb101fast[syne-tune]"`. The trainings that they
evaluate are those of a `search.SimulatedTraining`.

>>> from nb101fast.adapters.optuna_objective import Objective
"""
