"""The command line `nb101train`: what it checks before it loads TensorFlow, and its helps."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nb101fast
from nb101train.__main__ import main
from nb101train.config import AUGMENTED_EPOCHS
from reference.completion import proposals

COMMANDS = ("cell", "evaluate", "augment", "sweep", "status")


@pytest.mark.parametrize("command", ["cell", "evaluate", "augment"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("5",), "5 may be a cell id or a code; did you mean id:5?"),
        (("nonsense",), "'nonsense' names no cell; use a module hash of 32 hex digits, id:NUMBER"),
        (("id:423624",), "423624"),
        (('{"matrix": [[0, 1], [0, 0]], "ops": ["input", "conv"]}',), "conv"),
        (("id:5", "--dataset", "npz:/nothing"), "/nothing"),
        (("id:5", "--dataset", "mnist"), "--dataset 'mnist' is not allowed; use 'digits'"),
        (("id:5", "--set", "stem_filters=0"), "--set stem_filters=0 is not allowed"),
        (("id:5", "--epochs", "0"), "--epochs 0 is not allowed; use an integer"),
        (("id:5", "--device", "abacus"), "--device 'abacus' is not allowed; use 'auto', 'cpu'"),
        (("id:5", "--model-dir", "FILE"), "Not a directory"),
    ],
)
def test_arguments_are_checked_before_tensorflow_is_loaded(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    command: str,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # An import of it would fail.
    (tmp_path / "FILE").touch()
    monkeypatch.chdir(tmp_path)
    needed = () if command == "cell" or "--model-dir" in arguments else ("--model-dir", "new")
    assert main([command, *arguments, *needed]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "images"), [("cell", 997), ("evaluate", 997), ("augment", 1397)]
)
def test_a_batch_of_more_images_than_all_epochs_have(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str, images: int
) -> None:
    arguments = [command, "id:5", "--dataset", "digits", "--model-dir", str(tmp_path / "model")]
    assert main([*arguments, "--epochs", "4", "--set", f"batch_size={10**8}"]) == 2
    expected = f"--epochs 4 of {images} images make no whole batch of 100000000; use more epochs"
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_help_states_the_exit_statuses(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert "exit status: 0 if the command is done; 1 if" in capsys.readouterr().out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_without_tensorflow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("shtab")
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # An import of it would fail.
    with pytest.raises(SystemExit):
        main(["--print-completion", "bash"])
    script = capsys.readouterr().out
    (tmp_path / "made").mkdir()
    assert proposals(script, "nb101train s", tmp_path) == ["status", "sweep"]
    assert proposals(script, "nb101train sweep out --eng", tmp_path) == ["--engine"]
    assert proposals(script, "nb101train sweep out --engine r", tmp_path) == ["ray"]
    assert proposals(script, "nb101train status m", tmp_path) == ["made"]


@pytest.mark.parametrize(
    ("command", "dataset", "epochs"),
    [("cell", "digits", 108), ("evaluate", "cifar10", 108), ("augment", "cifar10", 200)],
)
def test_the_helps_state_the_defaults_of_the_code(
    capsys: pytest.CaptureFixture[str], command: str, dataset: str, epochs: int
) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"npz:PATH (default: {dataset})" in text
    assert re.search(rf"how many epochs \(default: [^)]*\b{epochs}\b", text)
    assert AUGMENTED_EPOCHS == 200


@pytest.mark.skipif(os.name == "nt", reason="it needs a POSIX shell")
@pytest.mark.parametrize("arguments", ["--help", "sweep --help"])
def test_a_reader_that_stops_reading(arguments: str) -> None:
    program = f"set -o pipefail; {sys.executable} -m nb101train {arguments} | true"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version_and_welcome(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"nb101train {nb101fast.__version__}\n"
    assert main([]) == 0
    assert "nb101train cell id:50" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't limit memory in this way")
@pytest.mark.parametrize("command", ["cell", "augment"])
def test_a_network_that_memory_cannot_hold(command: str, tmp_path: Path) -> None:
    pytest.importorskip("tensorflow")
    program = (
        "import resource, sys; from nb101train.__main__ import main\n"
        "resource.setrlimit(resource.RLIMIT_AS, (5_000_000_000,) * 2)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    arguments = [command, "id:5", "--dataset", "digits", "--set", "stem_filters=16384"]
    arguments += ["--model-dir", str(tmp_path / "model"), "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert told.startswith("nb101train: TensorFlow has failed: OOM when allocating tensor with")
    assert told.endswith("; use a smaller batch_size or a smaller network")
    assert "Traceback" not in done.stderr
