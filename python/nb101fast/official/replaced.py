"""Official modules that nb101fast does not have. An error says what to use in their place.

A program that only imports these modules runs. The names of the official module can be imported
too. Any use of them raises NotImplementedError, which says what to use instead.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

__all__ = ["REPLACED_MODULES"]

_TRAIN = "train with NASBench.evaluate(spec, folder) or `nb101train cell`"
_NETWORK = (
    "build the network with nb101train.Trainer (TensorFlow) or "
    "nb101fast.adapters.torch_network.Network (PyTorch)"
)
_TIME = "the seconds of training are in the results of `nb101train` as training_time"
_CIFAR = "load CIFAR-10 with nb101train.datasets.load_dataset('cifar10:PATH')"

# By official name: what takes its place, and the public names that it had.
_REPLACED: dict[str, tuple[str, str]] = {
    "nasbench.lib.base_ops": (
        _NETWORK,
        (
            "BN_EPSILON BN_MOMENTUM BaseOp BottleneckConv3x3 BottleneckConv5x5 Conv1x1BnRelu "
            "Conv3x3BnRelu Identity MIN_FILTERS MaxPool3x3 MaxPool3x3Conv1x1 OP_MAP "
            "VALID_DATA_FORMATS conv_bn_relu"
        ),
    ),
    "nasbench.lib.model_builder": (
        f"{_NETWORK}; nb101fast.vertex_channels gives a cell's channels",
        "build_model_fn build_module compute_vertex_channels projection truncate",
    ),
    "nasbench.lib.training_time": (_TIME, "TOTAL_TIME_NAME Timing get_total_time limit"),
    "nasbench.lib.evaluate": (
        _TRAIN,
        "AbortError VALID_EXCEPTIONS augment_and_evaluate train_and_evaluate",
    ),
    "nasbench.lib.cifar": (_CIFAR, "CIFARInput HEIGHT RGB_MEAN RGB_STD WIDTH"),
    "nasbench.scripts.augment_model": (
        "use `nb101train augment`",
        (
            "FLAGS create_best_nasbench_spec create_inception_resnet_spec create_resnet20_spec "
            "create_resnet50_spec main"
        ),
    ),
    "nasbench.scripts.generate_cifar10_tfrecords": (
        _CIFAR,
        "convert_to_tfrecord download_and_extract main read_pickle_from_file",
    ),
    "nasbench.scripts.generate_graphs": (
        "nb101fast.cell_codes() and nb101fast.cell_hashes() give all cells and their hashes",
        "FLAGS main",
    ),
    "nasbench.scripts.run_evaluation": (
        "use `nb101train sweep`",
        "Evaluator FLAGS NumpyEncoder main",
    ),
}


class ReplacedName:
    """A name of an official module that nb101fast doesn't have. Any use of it says what to do."""

    def __init__(self, name: str, way_on: str) -> None:
        self._text = f"nb101fast has no {name}: {way_on}"

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(self._text)

    __call__ = __getitem__ = __iter__ = __len__ = __contains__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python itself asks for these names.
            raise AttributeError(name)
        self._refuse()

    def __repr__(self) -> str:
        return f"<{self._text}>"


class ReplacedModule(ModuleType):
    """An official module with none of its functions, but with all of its names."""

    def __init__(self, name: str, way_on: str, names: list[str]) -> None:
        super().__init__(name, f"nb101fast stands in for nasbench without {name}: {way_on}.")
        self._way_on = way_on
        for known in names:
            setattr(self, known, ReplacedName(f"{name}.{known}", way_on))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"nb101fast has no {self.__name__}.{name}: {self._way_on}")


REPLACED_MODULES: dict[str, ModuleType] = {
    name: ReplacedModule(name, way_on, names.split()) for name, (way_on, names) in _REPLACED.items()
}
