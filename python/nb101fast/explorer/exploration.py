"""An explorer that is written into a temporary folder and served from there."""

from __future__ import annotations

import os
import tempfile
import weakref
from types import TracebackType
from typing import TYPE_CHECKING

from .folder import write

if TYPE_CHECKING:
    from .local_server import LocalServer

_FRAME_HEIGHT = 900


class Exploration:
    """A page that shows an index, at an address of this machine, until it is closed.

    A notebook shows it in a frame, if its browser runs on the same machine. It is closed by
    `close`, by the end of a `with` block, by the garbage collector, or when Python exits.

    Args:
        index: an index file, or an open Index.
        runs: whether the page has the accuracies of all runs, as `write` takes it.
        race: a file that `search.write_race` wrote. The page shows it from the start.

    Attributes:
        address: of the page, such as "http://127.0.0.1:41235/".

    Raises:
        FormatError: the index or the race is damaged.
        ValueError: the race is that of another index.

    Example:
        >>> with nb101fast.explorer.Exploration(index) as page:
        ...     address = page.address
    """

    def __init__(
        self,
        index: str | os.PathLike[str],
        *,
        runs: bool | None = None,
        race: str | os.PathLike[str] | None = None,
    ) -> None:
        from .local_server import LocalServer  # what it needs of HTTP takes long to load

        folder = tempfile.TemporaryDirectory(prefix="nb101fast-", ignore_cleanup_errors=True)
        write(index, folder.name, runs=runs, race=race)
        self._server = LocalServer(folder.name)
        self.address = self._server.address
        self._close = weakref.finalize(self, _end, self._server, folder)

    def wait(self) -> None:
        """Wait until another thread closes the page, or until Ctrl-C."""
        self._server.wait()

    def close(self) -> None:
        """Serve the page no more, and remove its files."""
        self._close()

    def __enter__(self) -> Exploration:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Exploration at {self.address}>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe src="{self.address}" title="explorer of an index" width="100%" '
            f'height="{_FRAME_HEIGHT}" style="border: 0"></iframe>'
        )


def _end(server: LocalServer, folder: tempfile.TemporaryDirectory[str]) -> None:
    server.close()
    folder.cleanup()
