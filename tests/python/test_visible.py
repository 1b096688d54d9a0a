"""Text from outside is shown without the characters that a terminal obeys."""

from __future__ import annotations

import http.server
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nb101fast
from nb101fast import FormatError
from nb101fast.__main__ import main
from nb101fast._core import visible
from nb101fast.download import Patience
from nb101fast.progress import tell
from reference import tfrecord
from reference.cells import graph_of
from reference.runs import random_records

NASTY = "\x1b[2J\x9b1m\u202e"
SHOWN = r"\x1b[2J\x9b1m\u202e"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, é 漢 🙂", "plain text, é 漢 🙂"),
        ("", ""),
        (NASTY, SHOWN),
        ("a\r\n\tb\x7f\0", r"a\x0d\x0a\x09b\x7f\x00"),
        ("\u2028\u2066\ufeff\U000e0001", r"\u2028\u2066\ufeff\U000e0001"),
        ("\ud800", r"\ud800"),
        # Bytes of a name that Python could not decode.
        ("caf\udce9", "caf\udce9"),
        ("\udcc3\udc89", "\udcc3\udc89"),
        ("\udc9b1m", r"\udc9b1m"),
        ("\udcc2\udc9b1m", r"\x9b1m"),
        ("\udce2\udc80\udcae", r"\u202e"),
    ],
)
def test_what_is_not_printable_becomes_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_another_object_is_refused() -> None:
    with pytest.raises(TypeError):
        visible(b"text")  # type: ignore[arg-type]


def test_a_line_of_progress(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"worker 0 on {NASTY}")
    assert capsys.readouterr().err == f"worker 0 on {SHOWN}\n"


def test_an_error_of_a_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / NASTY).write_bytes(b"no index")
    assert main(["info", str(tmp_path / NASTY)]) == 1
    err = capsys.readouterr().err
    assert SHOWN in err
    assert err.rstrip("\n").isprintable()


@pytest.mark.parametrize("field", ["operations", "module_hash"])
def test_an_error_about_a_record(tmp_path: Path, field: str) -> None:
    """The texts of a record may hold any bytes, and any number of them."""
    chain = graph_of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0])
    [record] = random_records(np.random.default_rng(1), [chain], {108: 1})
    text = "\x1b[2J" + 100_000 * "x"
    changed: Any = ("input", text, "output") if field == "operations" else text
    path = tmp_path / "a.tfrecord"
    path.write_bytes(tfrecord.write([record._replace(**{field: changed})]))
    with pytest.raises(FormatError, match=r"\\x1b\[2Jxx") as caught:
        nb101fast.compile(path, tmp_path / "a.nb101")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_the_reason_of_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Nasty(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(f"HTTP/1.0 404 {NASTY[:4]}\r\n\r\n".encode("latin-1"))

        def log_message(self, *arguments: object) -> None:
            pass

    monkeypatch.setenv("NB101FAST_CACHE", str(tmp_path))
    with http.server.HTTPServer(("127.0.0.1", 0), Nasty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(OSError, match=r"HTTP status 404 \\x1b\[2J"):
            nb101fast.fetch(base_url=url, patience=Patience(retries=0))
        server.shutdown()


def test_the_name_of_an_index(tmp_path: Path, index: nb101fast.Index) -> None:
    path = tmp_path / f"{NASTY}.nb101"
    path.write_bytes(Path(index.path).read_bytes())
    named = nb101fast.open(path)
    for text in (repr(named), repr(named.objective()), named._repr_html_()):
        assert SHOWN in text
        assert text.isprintable()
    assert os.path.basename(named.path) == f"{NASTY}.nb101"
