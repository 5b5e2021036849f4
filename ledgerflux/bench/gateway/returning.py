"""Clients that drop and come back, each with its place: plain sockets, one loop."""

import os
import select
import socket
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from ledgerflux.bench.gateway.following import Chain, Dialect, Mark, Told
from ledgerflux.bench.gateway.sink import HANDSHAKE_S, PIECE_BYTES, POLL_S, handshake, masked
from ledgerflux.errors import StackError
from ledgerflux.wire.socket_frames import cut

KEPT_MAX = 4096
"""Pieces and messages remembered, the same for many clients; then all are forgotten."""
Kept = TypeVar("Kept")
PING, PONG, CLOSE = 0x89, 0x8A, 0x88


class Member:
    """One client over all its connections; `lost` says that the server ended the last one."""

    __slots__ = (
        "acks",
        "chain",
        "greeted",
        "lost",
        "offset",
        "recovered",
        "rest",
        "secret",
        "socket",
    )

    def __init__(self) -> None:
        self.chain = Chain()
        self.acks = 0
        self.recovered = False
        self.secret = self.offset = ""
        self.socket: socket.socket | None = None
        self.greeted = self.lost = False
        self.rest = b""

    def take(self, told: Told) -> None:
        """Take a message."""
        if told.kind in ("update", "gap", "snapshot"):
            self.chain.take(told)
            self.offset = told.offset or self.offset
        elif told.kind == "ack":
            self.acks += 1
            self.recovered = told.recovered or (bool(self.secret) and told.secret == self.secret)
            self.secret = told.secret


class Returners:
    """The clients of one contest; closes them at the end of the context.

    `on_new` gets a message once for the many clients that get it, or now and then again.
    """

    def __init__(self, dialect: Dialect, on_new: Callable[[bytes], None] | None = None) -> None:
        self._dialect = dialect
        self._on_new = on_new
        self._poll = select.epoll()
        self._members: dict[int, Member] = {}
        self._pieces: dict[bytes, list[Told]] = {}
        self._messages: dict[bytes, Told] = {}

    def __enter__(self) -> "Returners":
        return self

    def __exit__(self, *_: object) -> None:
        self.drop(list(self._members.values()))
        self._poll.close()

    def connect(self, members: Iterable[Member], port: int) -> None:
        """Connect and follow; return once all are told that they do.

        Raises:
            StackError: The server refused, or did not answer in time.
        """
        waiting = [(member, member.acks) for member in members]
        for member, _ in waiting:
            self.dial(member, port)
        begun = self.read_until(
            lambda: all(member.acks > before for member, before in waiting),
            time.monotonic() + HANDSHAKE_S,
        )
        if not begun:
            raise StackError(f"not all of {len(waiting)} clients follow in {HANDSHAKE_S:.0f} s")

    def dial(self, member: Member, port: int, buffer_bytes: int = 0) -> None:
        """Connect a client and ask to be let in; what follows happens while reading.

        Raises:
            StackError: Nobody listens.
        """
        plain = socket.socket()
        plain.settimeout(HANDSHAKE_S)
        if buffer_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        try:
            plain.connect(("127.0.0.1", port))
            plain.sendall(handshake(self._dialect.path, port))
        except OSError as error:
            plain.close()
            raise StackError(f"a client can't come back: {error}") from error
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        member.socket, member.greeted, member.lost, member.rest = plain, False, False, b""
        self._members[plain.fileno()] = member
        self._poll.register(plain, select.EPOLLIN)

    def drop(self, members: Iterable[Member]) -> None:
        """Cut connections: nothing is said, nothing more is read."""
        for member in members:
            if member.socket is not None:
                del self._members[member.socket.fileno()]
                member.socket.close()
                member.socket = None

    def stall(self, member: Member, *, reads: bool) -> None:
        """Read nothing more of a client, or go on (`reads`)."""
        if member.socket is not None:
            self._poll.modify(member.socket, select.EPOLLIN if reads else 0)

    def read_until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Read until `condition` holds (True) or the time has come (False)."""
        met = condition()
        while not met and time.monotonic() < deadline_s:
            self.read()
            met = condition()
        return met

    def read(self) -> None:
        """Take what is there; waits for it a little."""
        for number, _ in self._poll.poll(POLL_S):
            member = self._members.get(number)
            if member is None:
                continue  # dropped meanwhile
            try:
                data = os.read(number, PIECE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                self._take(member, data)
            else:
                self._lose(member)

    def _lose(self, member: Member) -> None:
        self.drop([member])
        member.lost = True

    def _take(self, member: Member, data: bytes) -> None:
        if member.rest:
            data, member.rest = member.rest + data, b""
        if not member.greeted:
            data = self._greet(member, data)
        found = self._pieces.get(data)
        if found is None:
            found = self._read(member, data)
        for told in found:
            member.take(told)

    def _greet(self, member: Member, data: bytes) -> bytes:
        head, ended, rest = data.partition(b"\r\n\r\n")
        if not ended:
            member.rest = data
            return b""
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise StackError(f"the server refused: {head.splitlines()[0].decode()}")
        assert member.socket is not None
        member.greeted = True
        member.chain.begin_anew()
        says = self._dialect.says(member.chain.places, Mark(member.secret, member.offset))
        member.socket.sendall(masked(says))
        return rest

    def _read(self, member: Member, data: bytes) -> list[Told]:
        frames, end = cut(data, 0, len(data))
        found = [self._message(frame) for frame, is_text in frames if is_text]
        for frame, is_text in frames:
            if not is_text:
                self._answer(member, frame)
        member.rest = data[end:]
        if not member.rest and len(found) == len(frames):
            _keep(self._pieces, data, found)
        return found

    def _message(self, text: bytes) -> Told:
        told = self._messages.get(text)
        if told is None:
            told = self._dialect.read(text)
            _keep(self._messages, text, told)
            if self._on_new is not None:
                self._on_new(text)
        return told

    def _answer(self, member: Member, frame: bytes) -> None:
        if frame[0] == PING and member.socket is not None:
            payload = frame[2:]
            member.socket.sendall(bytes((PONG, 0x80 | len(payload))) + bytes(4) + payload)
        elif frame[0] == CLOSE:
            self._lose(member)


def _keep(kept: dict[bytes, Kept], key: bytes, value: Kept) -> None:
    if len(kept) >= KEPT_MAX:
        kept.clear()
    kept[key] = value
