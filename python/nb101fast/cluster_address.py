"""The address of a Ray cluster, and whether one answers there."""

from __future__ import annotations

import os
import socket

_ANSWER_SECONDS = 10.0
# What a client of HTTP/2, which Ray speaks, sends first: RFC 9113, section 3.4.
_GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"
_FRAME_HEADER_BYTES, _SETTINGS_FRAME = 9, 4


def check_address(address: str) -> None:
    """Raise an error within seconds if no cluster answers. Ray itself would try for minutes.

    Raises:
        ValueError: the address is not HOST:PORT.
        ConnectionError: nothing answers, or something that isn't Ray.
    """
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal()) or "//" in host:
        raise ValueError(f"address={address!r} is not allowed; use HOST:PORT or 'auto'")
    try:
        with _connected(host, port) as connection:
            is_ray = os.environ.get("RAY_USE_TLS") == "1" or _speaks_http2(connection)
    except (OSError, OverflowError) as error:
        raise ConnectionError(f"address={address!r}: no Ray cluster answers: {error}") from None
    if not is_ray:
        raise ConnectionError(
            f"address={address!r}: something answers there that is not Ray; use the address that "
            "`ray start` printed"
        )


def answers(address: str) -> bool:
    """Whether anything answers at HOST:PORT within some seconds."""
    host, _, port = address.rpartition(":")
    try:
        _connected(host, port).close()
    except OSError:
        return False
    return True


def _connected(host: str, port: str) -> socket.socket:
    """A connection to a host; an address of IPv6 stands in brackets."""
    return socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS)


def _speaks_http2(connection: socket.socket) -> bool:
    connection.sendall(_GREETING)
    header = connection.recv(_FRAME_HEADER_BYTES, socket.MSG_WAITALL)
    return len(header) == _FRAME_HEADER_BYTES and header[3] == _SETTINGS_FRAME
