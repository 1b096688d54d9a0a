"""The options of commands that train: the settings and the data set."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from nb101fast.regular_file import read_regular
from nb101fast.schema import Anything, MapOf

from ..request import DEFAULT_DATASET, PRESETS
from ..run_options import DEVICES
from .json_argument import parsed_argument


def add_settings(group: Any, default_dataset: str = DEFAULT_DATASET) -> None:
    """Add the options for the settings and the data set to a parser or to a group of one."""
    group.add_argument(
        "--dataset",
        metavar="SET",
        help=f"digits, cifar10, cifar10:PATH or npz:PATH (default: {default_dataset})",
    )
    group.add_argument(
        "--config",
        metavar="CONFIG",
        help=f"{', '.join(PRESETS)}, or a JSON file with settings (default: digits for the digits, "
        "official for other data sets)",
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="changes",
        help="change one setting, such as --set stem_filters=8; may be repeated",
    )


def add_device(group: Any) -> None:
    """Add `--device`."""
    devices = ", ".join(DEVICES)
    group.add_argument("--device", default="auto", help=f"{devices} (default: %(default)s)")


def settings_of(options: Namespace) -> tuple[str | None, dict[str, Any]]:
    """The name of a preset, and the settings that replace its own."""
    preset, changes = options.config, {}
    if preset is not None and preset not in PRESETS:
        changes = parsed_argument(preset, read_regular(preset), MapOf(Anything()))
        preset = None
    for text in options.changes:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--set {text!r} is not allowed; use NAME=VALUE")
        changes[name] = _number_or_text(value)
    return preset, changes


def _number_or_text(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
