"""The command line: what it prints, and its exit status: 0 done, 1 the data's fault, 2 all else."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import nb101fast
from nb101fast.__main__ import command_line, main
from nb101fast.explorer.race import parse_race
from nb101fast.locations import BUILT_IN
from reference.child_processes import environment
from reference.completion import proposals
from reference.tfrecord import Record

Sample = tuple[Path, list[Record]]
COMMANDS = [
    *("compile", "merge", "attach", "detach", "export", "synthetic", "fetch"),
    *("verify", "info", "query", "experiment", "analyze", "explore", "demo", "doctor"),
]
INCEPTION = "28cfc7874f6d200472e1a9dcd8650aa0"


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`python -m nb101fast` with these arguments, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "nb101fast", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(COLUMNS="100", **variables),
    )


class Done:
    """What main() did with some arguments."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> None:
        try:
            self.status: object = main([str(argument) for argument in arguments])
        except SystemExit as error:
            self.status = error.code
        self.out, self.err = capsys.readouterr()


def check_complaint(done: Done, status: int, pattern: str) -> None:
    """One line on stderr, nothing on stdout."""
    assert (done.status, done.out) == (status, ""), done.err
    assert re.fullmatch(r"nb101fast: [^\n]+\n", done.err), done.err
    assert re.search(pattern, done.err), done.err


@pytest.fixture
def source(small_sample: Sample) -> Path:
    return small_sample[0].with_suffix(".tfrecord")


# -------------------------------------------------------------------- help


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(capsys, "--help")
    assert done.status == 0
    for command in COMMANDS:
        assert re.search(rf"^ +{command}\s+\w", done.out, re.M), done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(capsys: pytest.CaptureFixture[str], command: str) -> None:
    done = Done(capsys, command, "--help")
    assert done.status == 0
    assert re.search(rf"^example: nb101fast {command}\b", done.out, re.M), done.out
    described = re.findall(r"^  (-\w, --[\w-]+|--[\w-]+|[A-Z]+)", done.out, re.M)
    assert described


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_each_help_states_the_exit_statuses(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    statuses = "exit status: 0 if the command is done; 1 if the data is at fault"
    assert statuses in Done(capsys, *command, "--help").out


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_a_command_with_one_line() -> None:
    program = (
        "import sys, time\n"
        "from nb101fast.command_line import CommandLine\n"
        "line = CommandLine('waiter', 'Waits.', version='1', welcome='')\n"
        "line.add('wait', lambda _: (print('waits', flush=True), time.sleep(60)), 'wait', '')\n"
        "sys.exit(line.run(['wait'], data_faults=(), command_faults=()))\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == [b"waits"]
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint.split()) == (2, [b"waiter:", b"interrupted"])


def test_the_help_texts_of_the_reference_are_those_that_help_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts = command_line().help_texts()
    assert {*texts} == {"nb101fast", *(f"nb101fast {command}" for command in COMMANDS)}
    for name, text in texts.items():
        assert Done(capsys, *name.split()[1:], "--help").out == text


def test_no_command_tells_what_one_can_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(capsys)
    assert (done.status, done.err) == (0, "")
    named = re.findall(r"^  nb101fast ([\w-]+)", done.out, re.M)
    assert {*named} - {"--help"} <= {*COMMANDS}
    assert max(map(len, done.out.splitlines())) < 90


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(capsys, "--version")
    assert (done.status, done.out) == (0, f"nb101fast {nb101fast.__version__}\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_and_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("shtab")
    done = Done(capsys, "--print-completion", "bash")
    assert (done.status, done.err) == (0, "")
    (tmp_path / "mine.nb101").touch()
    (tmp_path / "made").mkdir()
    for line, expected in {
        "nb101fast e": ["experiment", "explore", "export"],
        "nb101fast verify --l": ["--level", "--log-level"],
        "nb101fast verify --level s": ["sections"],
        "nb101fast query m": ["made", "mine.nb101"],
        "nb101fast compile a.csv -o mi": ["mine.nb101"],
        "nb101fast analyze --out m": ["made"],
    }.items():
        assert proposals(done.out, line, tmp_path) == expected, line


def test_a_completion_without_its_library_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    done = Done(capsys, "--print-completion", "zsh")
    check_complaint(done, 2, r'this needs shtab: pip install "nb101fast\[completion\]"')


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), True),
        (("--quiet",), False),
        (("--log-level", "warning"), False),
        (("--log-level", "debug"), True),
    ],
)
def test_the_log_level_may_stand_before_or_after_the_command(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    options: tuple[str, ...],
    said: bool,
) -> None:
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path))
    shutil.copy(BUILT_IN, tmp_path / "nasbench_full.nb101")
    for arguments in ((*options, "fetch"), ("fetch", *options)):
        done = Done(capsys, *arguments)
        assert done.status == 0
        assert ("is there already and is kept" in done.err) == said


def test_doctor_says_what_is_here_and_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def version(name: str) -> str:
        if name == "pyarrow":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path / "none"))
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))
    done = Done(capsys, "doctor")
    assert (done.status, done.err) == (0, "")
    assert f"nb101fast {nb101fast.__version__}, index format" in done.out
    assert f"instruction set: {nb101fast.build_config()['active_simd']}" in done.out
    assert f"cache: {tmp_path / 'none'}, which does not exist yet" in done.out
    assert repr(nb101fast.open(BUILT_IN)) in done.out
    assert re.search(r'arrow +lacks pyarrow: pip install "nb101fast\[arrow\]"', done.out)
    assert re.search(r"plots +is installed", done.out)
    (tmp_path / "damaged").write_bytes(bytes(100))
    monkeypatch.setenv("NB101FAST_INDEX", str(tmp_path / "damaged"))
    done = Done(capsys, "doctor")
    assert done.status == 0
    assert "it cannot be opened: " in done.out


@pytest.mark.parametrize("arguments", [("compil",), ("compile",), ("query",), ("--none",)])
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    done = Done(capsys, *arguments)
    assert (done.status, done.out) == (2, "")
    assert "usage: " in done.err


def test_in_a_process(small_sample: Sample, tmp_path: Path) -> None:
    done = run("info", small_sample[0], "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["cells"] == 36
    done = run("info", tmp_path / "none")
    assert done.returncode == 2
    assert re.fullmatch(r"nb101fast: [^\n]*none[^\n]*\n", done.stderr)
    (tmp_path / "garbage").write_bytes(bytes(100))
    done = run("verify", tmp_path / "garbage")
    assert done.returncode == 1
    assert re.fullmatch(r"nb101fast: [^\n]*garbage[^\n]*\n", done.stderr)


def test_a_program_that_a_notebook_starts_drops_its_backend_of_matplotlib(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A call within the notebook's own process keeps it."""
    backend = "module://matplotlib_inline.backend_inline"
    monkeypatch.setenv("MPLBACKEND", backend)
    main([])
    assert os.environ["MPLBACKEND"] == backend
    monkeypatch.setattr(sys, "argv", ["nb101fast"])
    main()
    assert "MPLBACKEND" not in os.environ


# -------------------------------------------------------------------- compile


def test_compile(
    capsys: pytest.CaptureFixture[str], small_sample: Sample, source: Path, tmp_path: Path
) -> None:
    done = Done(capsys, "compile", source, "-o", tmp_path / "out")
    assert (done.status, done.err) == (0, "")
    runs = len(small_sample[1])
    assert f"36 cells, {runs} runs" in done.out
    assert re.search(rf"small\.tfrecord: {runs} records, SHA-256 [0-9a-f]{{64}}", done.out)
    assert "missing runs: " in done.out
    index = nb101fast.open(tmp_path / "out", verify="full")
    assert not index.is_synthetic
    done = Done(
        capsys, "compile", source, source, "--output", tmp_path / "out", "--synthetic",
        "--denominator", "9984",
    )  # fmt: skip
    assert done.status == 0
    index = nb101fast.open(tmp_path / "out", verify="full")
    assert index.is_synthetic
    assert index.num_runs == 2 * runs


def test_compile_damaged_data(
    capsys: pytest.CaptureFixture[str], source: Path, tmp_path: Path
) -> None:
    data = source.read_bytes()
    for name, contents in (("cut", data[:-1]), ("garbage", bytes(99)), ("empty", b"")):
        (tmp_path / name).write_bytes(contents)
        done = Done(capsys, "compile", tmp_path / name, "-o", tmp_path / "out")
        check_complaint(done, 1, name)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("none", "-o", "out"), "'none'"),
        (("in", "-o", "none/out"), "no folder"),
        (("in", "-o", "in"), "is the input"),
        (("in", "-o", "."), r"irectory|busy"),
        (("in", "-o", "out", "--denominator", "65535"), "65535"),
        (("in", "-o", "out", "--denominator", "-1"), "-1"),
    ],
)
def test_compile_wrong_arguments(
    capsys: pytest.CaptureFixture[str],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    pattern: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").write_bytes(source.read_bytes())
    check_complaint(Done(capsys, "compile", *arguments), 2, pattern)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


# -------------------------------------------------------------------- verify, info


@pytest.mark.parametrize("level", ["header", "sections", "full"])
def test_verify(capsys: pytest.CaptureFixture[str], small_sample: Sample, level: str) -> None:
    done = Done(capsys, "verify", small_sample[0], "--level", level)
    assert (done.status, done.err) == (0, "")
    assert f"sound ({level}); 36 cells, {len(small_sample[1])} runs" in done.out


def test_verify_damaged_data(
    capsys: pytest.CaptureFixture[str], small_sample: Sample, tmp_path: Path
) -> None:
    damaged = bytearray(small_sample[0].read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "damaged").write_bytes(damaged)
    assert Done(capsys, "verify", tmp_path / "damaged", "--level", "header").status == 0
    for level in ("sections", "full"):
        done = Done(capsys, "verify", tmp_path / "damaged", "--level", level)
        check_complaint(done, 1, r"damaged: byte \d+: section .* its checksum is wrong")
    (tmp_path / "damaged").write_bytes(damaged[:-1])
    check_complaint(Done(capsys, "verify", tmp_path / "damaged"), 1, r"damaged: byte 16: ")
    check_complaint(Done(capsys, "verify", tmp_path / "none"), 2, "none")
    check_complaint(Done(capsys, "verify", tmp_path), 2, "irectory")


def test_info(capsys: pytest.CaptureFixture[str], small_sample: Sample) -> None:
    done = Done(capsys, "info", small_sample[0], "--json")
    assert (done.status, done.err) == (0, "")
    facts = json.loads(done.out)
    index = nb101fast.open(small_sample[0])
    assert facts["path"] == str(small_sample[0])
    assert facts["synthetic"] is True
    assert facts["runs"] == len(small_sample[1])
    assert facts["epochs"] == [4, 36, 108]
    assert facts["repeats"] == [3, 2, 3]
    assert facts["denominator"] == 9984
    assert facts["provenance"] == index.provenance
    assert len(facts["sections"]) == len(index.sections)
    done = Done(capsys, "info", small_sample[0])
    assert (done.status, done.err) == (0, "")
    for text in ("SYNTHETIC", "36 of 423,624 cells", f"{len(small_sample[1]):,} runs", "hashes"):
        assert text in done.out
    assert f"{small_sample[0].stat().st_size:,} bytes" in done.out.splitlines()[-1]


def test_info_of_the_default(
    capsys: pytest.CaptureFixture[str],
    small_sample: Sample,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path))
    monkeypatch.delenv("NB101FAST_INDEX", raising=False)
    done = Done(capsys, "info")
    assert done.status == 0
    assert re.fullmatch(r"this is the built-in NB101-digits; `nb101fast fetch` .*\n", done.err)
    assert len(done.err) <= 80
    assert "91 of 423,624 cells, 1,092 runs" in done.out
    assert "trained on digits" in done.out
    monkeypatch.setenv("NB101FAST_INDEX", str(small_sample[0]))
    done = Done(capsys, "info")
    assert (done.status, done.err) == (0, "")


def test_a_relative_path_is_shown_as_it_was_given(
    capsys: pytest.CaptureFixture[str],
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copy(source.with_suffix(".nb101"), tmp_path / "mine.nb101")
    monkeypatch.chdir(tmp_path)
    for command in (("info", "mine.nb101"), ("compile", "--update", "mine.nb101", source)):
        done = Done(capsys, *command)
        assert done.status == 0
        assert re.match(r"mine\.nb101(:|\n)", done.out), done.out


# -------------------------------------------------------------------- query


def test_query(capsys: pytest.CaptureFixture[str], small_sample: Sample) -> None:
    index = nb101fast.open(small_sample[0])
    cell = nb101fast.Cell.from_id(int(index.cells[0]))
    graph = cell.to_json().replace(" ", "")
    spellings = [cell.hash, f"id:{cell.id}", f"code:{cell.code}", graph]
    done = Done(
        capsys, "query", small_sample[0], *spellings, "--epochs", "36", "--repeat", "1",
        "--stage", "halfway",
    )  # fmt: skip
    assert done.status == 0
    assert done.err == "synthetic values, made up for load tests\n"
    expected = index.query(cell, epochs=36, stage="halfway", repeat=1)
    for spelling, line in zip(spellings, done.out.splitlines(), strict=True):
        name, *pairs = line.split()
        assert name == spelling
        printed = dict(pair.split("=") for pair in pairs)
        assert printed.keys() == expected.keys()
        for metric, text in printed.items():
            assert float(text) == expected[metric]


def test_query_prints_a_mean_with_the_digits_of_a_float32(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = Done(capsys, "query", BUILT_IN, "id:4").out
    assert out.startswith("id:4 train_accuracy=1 validation_accuracy=0.98 test_accuracy=0.985 ")


def test_query_of_the_default_index(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB101FAST_INDEX", str(BUILT_IN))
    named = Done(capsys, "query", BUILT_IN, "id:7", "id:5")
    assert named.status == 0
    assert Done(capsys, "query", "id:7", "id:5").out == named.out


@pytest.mark.parametrize(
    ("arguments", "status", "pattern"),
    [
        (("code:0",), 1, "is outside the search space"),
        (("2147483648",), 1, "code 2147483648 has bit 31 set"),
        (("99999999999",), 2, "code 99999999999 does not fit 32 bits"),
        (("5",), 2, "5 may be a cell id or a code; did you mean id:5[?] The code is code:5"),
        (("id:4", "423623"), 2, "did you mean id:423623[?]"),
        (('{"matrix": 5, "ops": []}',), 1, "matrix: 5 is not allowed"),
        ((), 2, "no cells after the index '.*measured.nb101'; give a module hash"),
        (("0" * 32,), 1, f"no cell has the module hash '{'0' * 32}'"),
        (("nonsense",), 2, "'nonsense'"),
        (("-5",), 2, "."),
        (("id:-1",), 2, "'id:-1'"),
        (("id:423624",), 2, "423624"),
        (("id:99999999999999999999",), 2, "99999999999999999999"),
        (("code:32", "--epochs", "5"), 2, "--epochs 5 is not in this index; use 4, 36 or 108"),
        (("code:32", "--repeat", "3"), 2, "--repeat 3 is not allowed; use 0 to 2"),
        (("code:32", "--repeat", "-1"), 2, "."),
        (("code:32", "--repeat", "median"), 2, "--repeat 'median'"),
        (("code:32", "--stage", "end"), 2, "'end'"),
    ],
)
def test_query_wrong_arguments(
    capsys: pytest.CaptureFixture[str],
    small_sample: Sample,
    tmp_path: Path,
    arguments: tuple[str, ...],
    status: int,
    pattern: str,
) -> None:
    target = tmp_path / "measured.nb101"
    nb101fast.compile(small_sample[0].with_suffix(".tfrecord"), target)
    done = Done(capsys, "query", target, *arguments)
    assert (done.status, done.out) == (status, "")
    assert re.search(pattern, done.err)
    assert "Traceback" not in done.err


# -------------------------------------------------------------------- demo, synthetic


def test_demo() -> None:
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("nb101_digits.nb101: 91 cells", "1,092 records", "id 16,", "million a second"):
        assert text in done.stdout


@pytest.mark.slow
def test_experiment(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    arguments: list[str | Path] = [
        "experiment",
        BUILT_IN,
        "--optimizers",
        "rs,re",
        "--runs",
        "20",
        "--budget",
        "300",
        "--out",
        tmp_path,
    ]
    done = Done(capsys, *arguments, "--workers", "1")
    assert done.status == 0, done.err
    assert re.search(r"^\| rs +\| +20 \| +0\.\d{5} \|", done.out, re.MULTILINE), done.out
    assert re.search(r"^\| re +\| +20 \|", done.out, re.MULTILINE)
    names = {"experiment.json", "regret.png", "regret.svg", "summary.csv", "trajectories.parquet"}
    assert names <= {path.name for path in tmp_path.iterdir()}
    again = Done(capsys, *arguments, "--workers", "1")
    assert again.out == done.out


def test_experiment_of_a_preset(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    options = ("--runs", "5", "--max-evaluations", "30", "--regret", "validation")
    arguments = ("--preset", "mini", "--workers", "1", *options)
    race = tmp_path / "race.json"
    done = Done(capsys, "experiment", BUILT_IN, "--out", tmp_path, *arguments, "--explorer", race)
    assert done.status == 0, done.err
    assert "30 evaluations a run, preset 'mini'" in done.out
    assert re.findall(r"^\| (\w+) +\| +5 \|", done.out, re.MULTILINE) == ["rs", "nre", "re"]
    assert "This is validation regret. The best mean test accuracy of a cell is 0." in done.out
    assert (tmp_path / "median_regret.png").exists()
    told = parse_race("race.json", race.read_bytes())
    assert [each["name"] for each in told["optimizers"]] == ["rs", "nre", "re"]
    facts = [told[key] for key in ("statistic", "regret", "clock", "preset")]
    assert facts == ["median", "validation", "evaluations", "mini"]


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (
            ("--optimizers", "rs,sa"),
            "--optimizers 'sa' is not allowed in preset 'paper'; use 'rs', 're', ",
        ),
        (
            ("--optimizers", "rs,no_such_module:Mine"),
            "--optimizers 'no_such_module:Mine' can't be imported: No module named "
            "'no_such_module'; use MODULE:CLASS",
        ),
        (
            ("--optimizers", "rs,ls", "--preset", "notebook"),
            "--optimizers 'ls' is not allowed in preset 'notebook'; use 'rs', 're' or 'nsga2'",
        ),
        (("--runs", "0"), "--runs 0 is not allowed; use an integer from 1 to [0-9]+"),
        (
            ("--budget", "0"),
            "--budget 0.0 is not allowed; use a finite number of seconds above 0",
        ),
        (("--budget", "0.5"), "--budget 0.5 is too short; the shortest training"),
        (("--max-evaluations", "0"), "--max-evaluations 0 is not allowed; use an integer from 1"),
        (
            ("--explorer", "race.json", "--objectives", "test_accuracy,parameters"),
            "--explorer is not allowed with --objectives, because a race shows the one incumbent",
        ),
        (("--optimizers", ""), "--optimizers '' is not allowed in preset 'paper'; use 'rs', 're'"),
        (("--workers", "0"), "--workers 0 is not allowed; use an integer from 1 to [0-9]+"),
        (
            ("--address", "here:6379"),
            "--address 'here:6379' is not allowed with the engine 'local'; use the engine 'ray'",
        ),
        (
            ("--engine", "ray", "--address", "here"),
            "--address 'here' is not allowed; use HOST:PORT or 'auto'",
        ),
        (
            ("--engine", "ray", "--address", "127.0.0.1:1"),
            "--address '127.0.0.1:1': no Ray cluster answers: .*Connection refused",
        ),
    ],
)
def test_experiment_wrong_arguments(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...], pattern: str
) -> None:
    out = tmp_path / "out"
    done = Done(capsys, "experiment", BUILT_IN, "--out", out, *arguments)
    check_complaint(done, 2, pattern)
    assert not out.exists()


def test_analyze_into_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Done(capsys, "analyze", BUILT_IN, "--out", tmp_path / "file")
    check_complaint(done, 2, "is a file; use a folder or a new name")


def test_synthetic_wrong_arguments(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check_complaint(Done(capsys, "synthetic", "-o", tmp_path, "--seed", "-1"), 2, "seed|negative")


def test_synthetic(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command chooses no cells, so here it writes those that are the default instead of all."""
    codes = nb101fast.cell_codes()[:300]
    write_index = functools.partial(nb101fast.synthetic.write_index, codes=codes)
    monkeypatch.setattr(nb101fast.synthetic, "write_index", write_index)
    check_synthetic(capsys, tmp_path / "made.nb101", "300 cells, 3,600 runs")


@pytest.mark.slow
@pytest.mark.release
def test_synthetic_has_all_cells(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    check_synthetic(capsys, tmp_path / "full.nb101", "423,624 cells, 5,083,488 runs")


def check_synthetic(capsys: pytest.CaptureFixture[str], path: Path, content: str) -> None:
    done = Done(capsys, "synthetic", "-o", path, "--seed", "5")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"<SYNTHETIC index {path.name}: {content}")
    assert nb101fast.open(path).provenance["seed"] == 5


# -------------------------------------------------------------------- what the index lacks


def test_query_of_a_cell_that_the_index_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    done = Done(capsys, "query", BUILT_IN, "id:0", "id:400000")
    assert (done.status, done.out.split()[0]) == (1, "id:0")
    assert done.err == (
        f"nb101fast: {BUILT_IN} has no run at 108 epochs of id:400000; "
        "`nb101fast info` shows what it has\n"
    )


def test_query_of_a_run_that_a_cell_lacks(
    capsys: pytest.CaptureFixture[str], small_sample: Sample
) -> None:
    index = nb101fast.open(small_sample[0])
    counts = index.run_counts(epochs=4)
    one, all_three = (f"id:{index.cells[np.argmax(counts == n)]}" for n in (1, 3))
    done = Done(capsys, "query", index.path, one, all_three, "--epochs", "4", "--repeat", "2")
    assert (done.status, done.out.split()[0]) == (1, all_three)
    assert f"has no run 2 at 4 epochs of {one};" in done.err
    done = Done(capsys, "query", index.path, one, "--epochs", "4", "--repeat", "all")
    assert done.status == 0
    assert ",nan,nan" in done.out


# -------------------------------------------------------------------- texts of errors


def test_a_tfrecord_is_compiled_first(
    capsys: pytest.CaptureFixture[str], small_sample: Sample
) -> None:
    source = small_sample[0].with_suffix(".tfrecord")
    for command in ("info", "query", "verify"):
        cells = ["id:0"] if command == "query" else []
        check_complaint(
            Done(capsys, command, source, *cells),
            1,
            f"{source}: this is a TFRecord file, not an index; compile it first: "
            "`nb101fast compile small.tfrecord -o small.nb101`",
        )


def test_errors_name_options_not_parameters(
    capsys: pytest.CaptureFixture[str], small_sample: Sample, tmp_path: Path
) -> None:
    source = small_sample[0].with_suffix(".tfrecord")
    check_complaint(
        Done(capsys, "compile", source), 2, "no output: give -o OUT, or --update OLD to"
    )
    check_complaint(
        Done(capsys, "compile", source, "-o", tmp_path / "x", "--denominator", "0"),
        2,
        "--denominator 0 is not allowed; use an integer from 1 to",
    )
    check_complaint(
        Done(capsys, "fetch", "--any"), 2, "--any is for a local file, --from FILE: a download is"
    )


# -------------------------------------------------------------------- terminals and pipes


@pytest.mark.skipif(os.name == "nt", reason="it needs a POSIX shell")
@pytest.mark.parametrize("command", ["info", "info --json", "query $INDEX id:0 id:1", "--help"])
def test_a_reader_that_stops_reading(command: str) -> None:
    program = f"set -o pipefail; {sys.executable} -m nb101fast {command} | true"
    environment = {**os.environ, "NB101FAST_INDEX": str(BUILT_IN), "INDEX": str(BUILT_IN)}
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has Unicode names in every locale")
def test_names_beyond_ascii_in_an_ascii_locale(tmp_path: Path, small_sample: Sample) -> None:
    folder = tmp_path / "Zellen-\u00e9\u4e2d"
    folder.mkdir()
    source = folder / "l\u00e4ufe.tfrecord"
    source.write_bytes(small_sample[0].with_suffix(".tfrecord").read_bytes())
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    index = folder / "l\u00e4ufe.nb101"
    commands = [
        ["compile", source, "-o", index],
        ["info", index],
        ["export", index, "-o", folder / "\u00fc.csv"],
        ["export", index, "-o", folder / "\u00fc.tfrecord"],
        ["compile", folder / "\u00fc.tfrecord", "-o", folder / "\u00fc.nb101"],
    ]
    program = (
        "import sys; from nb101fast.__main__ import main;"
        "print([main(words.split('|')) for words in sys.argv[1:]])"
    )
    for encoding in ({}, {"PYTHONIOENCODING": "ascii"}):
        done = subprocess.run(
            [sys.executable, "-c", program, *("|".join(map(str, words)) for words in commands)],
            capture_output=True,
            env={**os.environ, **locale, **encoding},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
        assert done.stdout.endswith(b"[0, 0, 0, 0, 0]\n")
    assert (folder / "\u00fc.tfrecord").read_bytes() == source.read_bytes()
    (known,) = nb101fast.open(index).provenance["sources"]
    assert known["name"] == source.name
    missing = subprocess.run(
        [sys.executable, "-m", "nb101fast", "info", str(folder / "none")],
        capture_output=True,
        env={**os.environ, **locale},
        check=False,
    )
    assert missing.returncode == 2
    assert missing.stderr.startswith(b"nb101fast: ")
    assert missing.stderr.count(b"\n") == 1
