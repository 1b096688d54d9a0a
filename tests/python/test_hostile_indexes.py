"""Index files that somebody broke on purpose, with the right checksums, and every public call.

pytest tests/python/test_hostile_indexes.py -m release      # 100,000 files
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nb101fast import Index
from reference import index_calls
from reference.child_processes import environment
from reference.hostile_index import hostile_index

SECONDS_PER_FILE = 60.0  # One that takes longer counts as hanging.
# For answers about all 423,624 cells, and for the objects of Python, pyarrow and polars: these do
# not depend on the file.
MEBIBYTES = 32


def check_files(first: int, count: int) -> None:
    """Try the files in a process of its own, which a signal or a lack of memory would end."""
    words = [str(first), str(count), str(SECONDS_PER_FILE), str(MEBIBYTES)]
    done = subprocess.run(
        [sys.executable, "-m", index_calls.__name__, *words],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    last = done.stderr.splitlines()[-30:]
    assert done.returncode == 0, "\n".join([done.stdout, "the last file, or a trace:", *last])
    assert f"tried {count} files, 0 failed" in done.stdout


@pytest.mark.slow
def test_every_call_answers_or_raises_one_format_error() -> None:
    check_files(0, 2000)


@pytest.mark.slow
@pytest.mark.release
def test_every_call_answers_or_raises_one_format_error_on_many_files() -> None:
    for first in range(2000, 102_000, 10_000):
        check_files(first, 10_000)


def test_a_number_gives_the_same_file_each_time() -> None:
    assert [hostile_index(number) for number in range(20)] == [
        hostile_index(number) for number in range(20)
    ]


def test_every_public_method_of_an_index_is_called() -> None:
    source = Path(index_calls.__file__).read_text(encoding="utf-8")
    methods = {name for name in vars(Index) if not name.startswith("_")}
    methods -= {"plot"}  # It draws the columns that `top_k` and `where` read.
    assert {name for name in methods if not re.search(rf"""[."]{name}\b""", source)} == set()
