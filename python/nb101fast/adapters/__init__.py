"""The benchmark for Optuna, OptunaHub, pymoo, Ray Tune, Syne Tune, PyTorch and predictors.

Each module is named after a library, which it imports. Most of them need
`pip install "nb101fast[adapters]"`. `torch_network` needs `"nb101fast[torch]"`, `syne_tune` needs
`"nb101fast[syne-tune]"`, and `predictor_data` needs NumPy alone, but PyTorch for `torch_dataset`.
The trainings that they evaluate are those of a `search.SimulatedTraining`.

>>> from nb101fast.adapters.optuna_objective import Objective
"""
