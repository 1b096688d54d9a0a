"""The variables of a network by their official names and in their official layout."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..._core import FormatError
from ...extras import needs
from ...regular_file import open_regular
from ...whole_file import write_whole

with needs("torch", extra="torch"):
    import torch
    from torch import Tensor, nn


def load_values(network: nn.Module, arrays: Sequence[npt.ArrayLike]) -> None:
    """Copy values into a network, as `Network.load_official` says."""
    trainable, moving = _variables(network)
    every = {**trainable, **moving}
    if len(arrays) not in (len(trainable), len(every)):
        raise ValueError(
            f"{len(arrays)} arrays are not allowed; use {len(trainable)} for the trainable "
            f"variables, or {len(every)} with the moving statistics"
        )
    values = [np.asarray(array, np.float32) for array in arrays]
    for (name, variable), value in zip(every.items(), values, strict=False):
        if value.shape != variable.shape:
            raise ValueError(f"{name} has shape {value.shape}; use {tuple(variable.shape)}")
    with torch.no_grad():
        for variable, value in zip(every.values(), values, strict=False):
            variable.copy_(torch.tensor(value))


def read_weights(network: nn.Module, path: str | os.PathLike[str]) -> None:
    """Copy the values of a file into a network, as `Network.load_weights` says."""
    trainable, moving = _variables(network)
    names = [*trainable, *moving]
    with open(path, "rb", opener=open_regular) as stream:
        try:
            with np.load(stream, allow_pickle=False) as archive:
                _check_names(names, archive.files)
                load_values(network, [archive[name] for name in names])
        except Exception as error:  # zipfile, zlib and NumPy raise many kinds.
            raise FormatError(f"{os.fspath(path)}: {error}") from None


def write_weights(network: nn.Module, path: str | os.PathLike[str]) -> None:
    """Write the values of a network to a file, as `Network.save_weights` says."""
    trainable, moving = _variables(network)
    arrays = {name: variable.cpu().numpy() for name, variable in {**trainable, **moving}.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_whole(path, buffer.getvalue())


def _variables(network: nn.Module) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The trainable variables and the moving statistics, which share the network's memory."""
    trainable: dict[str, Tensor] = {}
    moving: dict[str, Tensor] = {}
    for path, layer in network.named_modules():
        scope = path.replace(".", "/")
        if isinstance(layer, nn.Conv2d):
            trainable[f"{scope}/kernel"] = layer.weight.detach().permute(2, 3, 1, 0)
        elif isinstance(layer, nn.BatchNorm2d):
            trainable[f"{scope}/gamma"] = layer.weight.detach()
            trainable[f"{scope}/beta"] = layer.bias.detach()
            moving[f"{scope}/moving_mean"] = layer.running_mean
            moving[f"{scope}/moving_variance"] = layer.running_var
        elif isinstance(layer, nn.Linear):
            trainable[f"{scope}/kernel"] = layer.weight.detach().T
            trainable[f"{scope}/bias"] = layer.bias.detach()
    return trainable, moving


def _check_names(expected: Sequence[str], found: Sequence[str]) -> None:
    if missing := [name for name in expected if name not in found]:
        raise ValueError(
            f"{len(missing)} variables are missing, {missing[0]!r} first; use the weights of a "
            "network of the same cell and sizes"
        )
    if unknown := [name for name in found if name not in expected]:
        raise ValueError(
            f"{len(unknown)} variables are not the network's, {unknown[0]!r} first; use the "
            "weights of a network of the same cell and sizes"
        )
