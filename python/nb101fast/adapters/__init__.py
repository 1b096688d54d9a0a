"""The benchmark where its users are: ConfigSpace, Optuna, OptunaHub, Ray Tune, predictors.

Each module but `parameters` and `predictor_data` imports the library that it is named after, and
needs `pip install "nb101fast[adapters]"`. What they evaluate is a `search.SimulatedTraining`.

>>> from nb101fast.adapters.config_space import configuration_space
"""
