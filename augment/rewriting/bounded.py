"""Answers of a server that are too large or never end are given up: what it sends is read up to a size and for a time.

client = httpx.Client(transport=BoundedTransport(connections=8, seconds=120.0))
"""

import time
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from openai import DefaultHttpxClient

from augment.rewriting.answers import EndlessError

if TYPE_CHECKING:
    import httpx2 as httpx
else:
    # The one that the client is made of: it is httpx with some versions of openai, and httpx2 with others.
    httpx = import_module(DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])

HttpResponse = httpx.Response
# Bytes of an answer: an emoji in each of 30,000 tokens, with log-probabilities, is a tenth of it.
_MOST = 16 << 20


class BoundedTransport(httpx.HTTPTransport):
    """Sends requests, past any proxy, and reads answers up to a size and until a time has passed since the request."""

    def __init__(self, connections: int, seconds: float) -> None:
        """Set the connections at a time, and the seconds for an answer."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        super().__init__(trust_env=False, limits=limits)
        self._seconds = seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to a request; EndlessError if it is packed, as a small one may unpack to any size."""
        until = time.monotonic() + self._seconds
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            response.close()
            raise EndlessError("the server sends a packed answer, which was not requested")
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _BoundedStream(response.stream, until)
        return response


class _BoundedStream(httpx.SyncByteStream):
    """What a server sends."""

    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        """Read a stream until a time."""
        self._stream, self._until = stream, until

    def __iter__(self) -> Iterator[bytes]:
        """Yield the parts as they come; EndlessError if they are too many or take too long."""
        size = 0
        for part in self._stream:
            size += len(part)
            if size > _MOST:
                raise EndlessError(f"the server sends more than {_MOST >> 20} MiB")
            if time.monotonic() > self._until:
                raise EndlessError("the server did not end its answer in time")
            yield part

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
