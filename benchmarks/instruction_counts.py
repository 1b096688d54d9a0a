"""Count the instructions of the hot kernels under callgrind. The counts repeat exactly.

    python benchmarks/instruction_counts.py --check     compare with the committed counts
    python benchmarks/instruction_counts.py --update    replace the committed counts

It needs CMake, a C++ compiler, and valgrind with its headers. The exit status is 0 if all counts
are within 5 % of the committed ones, 1 if a count is not or the compiler is another one, and 2
if nothing could be counted.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRESET = "core-tests"  # its build of the core serves the core's tests and the kernels
BUILD = ROOT / "build" / PRESET
BASELINE = Path(__file__).with_suffix(".json")
TOLERANCE = 0.05
UPDATE_HINT = "python benchmarks/instruction_counts.py --update"
# With these settings, the loader and the libraries do the same in every run.
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "LD_BIND_NOW": "1"}


class CountingError(Exception):
    """Nothing could be counted. The message says why."""


@dataclass(frozen=True)
class Provenance:
    """The tools and the machine that counted, and the date."""

    compiler: str
    flags: str
    valgrind: str
    machine: str
    date: str


@dataclass(frozen=True)
class Count:
    """The instructions of one run of a kernel, and the number of items that the run handles."""

    items: int
    instructions: int

    @property
    def each(self) -> float:
        """Return the instructions of one item."""
        return self.instructions / self.items


Counts = dict[str, Count]


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, then check or update; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        kernels = build()
        provenance, counts = _provenance(kernels), count_all(kernels)
        if options.update:
            _write_baseline(provenance, counts)
            return 0
        return check(provenance, counts)
    except CountingError as error:
        print(f"instruction_counts: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Instructions of the hot kernels.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", action="store_true", help="compare with the committed counts")
    action.add_argument("--update", action="store_true", help="replace the committed counts")
    return parser


# ---------------------------------------------------------------- counting


def build() -> Path:
    """Build the kernels in build/core-tests; return the path of the program."""
    for tool in ("cmake", "valgrind"):
        if shutil.which(tool) is None:
            raise CountingError(f"{tool} was not found")
    _output("cmake", "--preset", PRESET, "-DNB101_BENCHMARKS=ON")
    _output("cmake", "--build", "--preset", PRESET, "--target", "nb101_kernels", "--parallel", "2")
    return BUILD / "benchmarks" / "nb101_kernels"


def count_all(kernels: Path) -> Counts:
    """Count every kernel that the program lists."""
    with tempfile.TemporaryDirectory(prefix="nb101fast-kernels-") as folder:
        data = str(Path(folder, "data"))
        _output(str(kernels), "prepare", data)
        counts = {}
        for line in _output(str(kernels), "list").splitlines():
            name, items = line.split()
            counts[name] = Count(int(items), _count(kernels, name, data))
        return counts


def _count(kernels: Path, name: str, data: str) -> int:
    """Return the instructions between the marks that the program sets around the kernel."""
    options = ("--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=/dev/null")
    said = _output("valgrind", *options, str(kernels), "run", name, data)
    found = re.search(r"Collected : (\d+)", said)
    if not found or not int(found[1]):
        raise CountingError(f"callgrind counted nothing of {name}:\n{said}")
    return int(found[1])


def _output(*command: str) -> str:
    """Run a program in the project's folder, and return what it prints on both streams."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        raise CountingError(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def _provenance(kernels: Path) -> Provenance:
    return Provenance(
        compiler=_output(str(kernels), "compiler").strip(),
        flags=_flags(),
        valgrind=_output("valgrind", "--version").strip(),
        machine=platform.machine(),
        date=datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    )


def _flags() -> str:
    """Return the options, except paths, with which the counted files of the core are compiled."""
    commands = json.loads((BUILD / "compile_commands.json").read_text())
    command = next(c["command"] for c in commands if "CMakeFiles/nb101_hot.dir/" in c["command"])
    return " ".join(re.findall(r"(?<= )-(?![Ioc]\b|I)\S+", command))


# ---------------------------------------------------------------- the baseline


def _write_baseline(provenance: Provenance, counts: Counts) -> None:
    contents = {
        "provenance": asdict(provenance),
        "counts": {name: asdict(count) for name, count in counts.items()},
    }
    BASELINE.write_text(json.dumps(contents, indent=2) + "\n")
    for line in _table(counts, counts):
        print(line)
    print(f"{BASELINE.name} is written")


def _read_baseline() -> tuple[Provenance, Counts]:
    if not BASELINE.is_file():
        raise CountingError(f"no {BASELINE.name} to compare with; {UPDATE_HINT} makes one")
    contents = json.loads(BASELINE.read_text())
    counts = {name: Count(**count) for name, count in contents["counts"].items()}
    return Provenance(**contents["provenance"]), counts


def check(provenance: Provenance, counts: Counts) -> int:
    """Print the table and all faults; return the exit status."""
    before, baseline = _read_baseline()
    print(f"baseline: {before.compiler} ({before.flags}), {before.valgrind}, {before.date}")
    for line in _table(counts, baseline):
        print(line)
    faults = _other_compiler(provenance, before) or _faults(counts, baseline)
    for fault in faults:
        print(f"instruction_counts: {fault}", file=sys.stderr)
    return 1 if faults else 0


def _other_compiler(now: Provenance, before: Provenance) -> list[str]:
    """Return a fault if the compiler or the machine is not that of the baseline."""
    ours, theirs = ((p.compiler.split(".")[0], p.machine) for p in (now, before))
    if ours == theirs:
        return []
    return [
        f"counted by {now.compiler} on {now.machine}, the baseline by {before.compiler} on "
        f"{before.machine}: they can't be compared. Use that compiler, or {UPDATE_HINT}"
    ]


def _faults(counts: Counts, baseline: Counts) -> list[str]:
    return [
        fault
        for name in sorted(counts.keys() | baseline.keys())
        if (fault := _fault(name, counts.get(name), baseline.get(name)))
    ]


def _fault(name: str, now: Count | None, before: Count | None) -> str:
    """Return what is wrong with a kernel's count; an empty text if nothing is."""
    if now is None or before is None:
        where = "the baseline" if before is None else "the program"
        return f"{name} is missing in {where}; {UPDATE_HINT}"
    change = now.each / before.each - 1
    if change > TOLERANCE:
        return f"{name} got worse by {change:.1%}: {before.each:.4g} -> {now.each:.4g} an item"
    if change < -TOLERANCE:
        return f"{name} got better by {-change:.1%}: keep it with {UPDATE_HINT}"
    return ""


def _table(counts: Counts, baseline: Counts) -> list[str]:
    lines = [f"{'kernel':20} {'items':>8} {'instructions':>13} {'an item':>10} {'change':>8}"]
    for name, count in counts.items():
        before = baseline.get(name)
        change = f"{count.each / before.each - 1:+.1%}" if before else "new"
        lines.append(
            f"{name:20} {count.items:8,} {count.instructions:13,} {count.each:10,.4g} {change:>8}"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
