"""Sockets of a venue."""

from typing import Protocol


class FeedConnection(Protocol):
    """One open socket to a venue."""

    async def send(self, frame: str) -> None:
        """Send a text frame."""
        ...

    async def receive(self) -> list[bytes]:
        """Return the frames that came, one or more, their bytes as received.

        Raises:
            FeedError: The connection ended; the message carries the close code and reason.
        """
        ...

    async def close(self) -> None:
        """Close politely, at once where the peer does not answer."""
        ...


class Feed(Protocol):
    """Opens sockets to a venue."""

    async def connect(self, url: str) -> FeedConnection:
        """Open a socket.

        Raises:
            FeedError: It can't be opened (`feed_refused`).
        """
        ...
