"""One stream of one client, held to the rule, counting instead of repairing.

`core.mirror` stops at the first breach until it is helped; a load test goes on with what
comes and counts every number that is missing, twice or late. Where the mirror would stop,
this counts a violation; where it would not, it counts none (a test holds the two together).
"""

from collections.abc import Callable

from ledgerflux.core.mirror import FREE_REASONS

HOLES_MAX = 64
"""Ranges remembered, to tell what is late from what is twice; the oldest are forgotten."""

UNANNOUNCED = "unannounced"
RECONNECT = "reconnect"

Miss = Callable[[str, int], None]
"""Told a cause and how many numbers are missing for it; a negative count came late after all."""


class Findings:
    """What the streams of one client broke; numbers are seqs."""

    __slots__ = ("duplicates", "epochs", "out_of_order", "violations", "why")

    def __init__(self) -> None:
        self.violations = 0
        self.duplicates = 0
        self.out_of_order = 0
        self.epochs = 0
        self.why = ""


class StreamCheck:
    """Position of a stream, and whether its book could be believed.

    `seq` is None before the subscription. `state` is the server's word for the book, which is
    `whole` from the last part of a snapshot until a gap or a breach.
    """

    __slots__ = ("_findings", "_holes", "_loading", "_miss", "epoch", "seq", "state", "whole")

    def __init__(self, findings: Findings, miss: Miss) -> None:
        self.epoch = ""
        self.seq: int | None = None
        self.state = "init"
        self.whole = False
        self._findings = findings
        self._miss = miss
        self._loading: tuple[str, int, int, int] | None = None
        self._holes: list[tuple[int, int]] = []

    @property
    def live(self) -> bool:
        """Say whether the book may be believed."""
        return self.whole and self.state == "live"

    def begin(self, epoch: str, seq: int) -> None:
        """A subscription was granted at this place; what a new connection missed is counted."""
        if self.seq is not None:
            if epoch != self.epoch:
                self._findings.epochs += 1
            elif seq > self.seq:
                self._miss(RECONNECT, seq - self.seq)
        self._adopt(epoch, seq)
        self._holes.clear()
        self.whole = False
        self.state = "init"

    def data(self, epoch: str, prev_seq: int, seq: int) -> bool:
        """Judge data of `prev_seq` + 1 to `seq`; return whether they are news."""
        at = self.seq
        if prev_seq == at and epoch == self.epoch and self._loading is None:
            self.seq = seq
            return True
        if at is None or epoch != self.epoch:
            self._breach(f"data {_text(epoch, prev_seq, seq)} from nowhere")
            self._findings.epochs += at is not None
            self._adopt(epoch, seq)
            return True
        inside, self._loading = self._loading is not None, None
        if prev_seq > at:
            self._lose(at, prev_seq, f"data {_text(epoch, prev_seq, seq)} after {at}")
        elif prev_seq < at < seq:
            self._breach(f"data {_text(epoch, prev_seq, seq)} overlap {at}")
            self._findings.duplicates += at - prev_seq
        elif inside:
            self._breach(f"data {_text(epoch, prev_seq, seq)} inside a snapshot")
        if seq <= at:
            self._again(prev_seq, seq)
            return False
        self.seq = seq
        return True

    def gap(self, epoch: str, from_seq: int, to_seq: int, cause: str, state: str) -> int:
        """Judge an announced gap; return how many numbers it says are missing."""
        at = self.seq
        if at is None:
            self._breach(f"a gap at {from_seq} before a subscription")
        elif epoch != self.epoch:
            self._findings.epochs += 1
            if from_seq != 1:
                self._breach(f"a gap from {from_seq} begins epoch {epoch}")
                self._miss(UNANNOUNCED, from_seq - 1)
        elif to_seq < at:
            self._findings.duplicates += 1
            return 0
        elif from_seq > at + 1:
            self._lose(at, from_seq - 1, f"a gap from {from_seq} after {at}")
        elif from_seq <= at:
            self._breach(f"a gap from {from_seq} overlaps {at}")
            from_seq = at + 1
        self._adopt(epoch, to_seq)
        self.state, self.whole = state, False
        missing = max(0, to_seq - from_seq + 1)
        if missing:
            self._miss(cause, missing)
        return missing

    def snapshot(
        self,
        epoch: str,
        prev_seq: int | None,
        seq: int,
        reason: str,
        part: tuple[int, int],
        state: str,
    ) -> None:
        """Judge one part (number, of how many) of a book."""
        number, parts = part
        if number == 1:
            self._start(epoch, prev_seq, seq, reason)
            self.whole = False
        elif self._loading != (epoch, seq, parts, number):
            self._breach(f"part {number} of a snapshot at {epoch}/{seq} is out of order")
            self._loading = None
            return
        self.state = state
        self.whole = number == parts
        self._loading = None if self.whole else (epoch, seq, parts, number + 1)

    def reached(self, epoch: str, seq: int) -> int:
        """Return how many numbers are missing up to a place told by somebody else."""
        if self.seq is None or epoch != self.epoch:
            return seq
        return max(0, seq - self.seq)

    def _start(self, epoch: str, prev_seq: int | None, seq: int, reason: str) -> None:
        at, wanted = self.seq, seq if prev_seq is None else prev_seq
        if at is not None and reason not in FREE_REASONS:
            if epoch != self.epoch:
                self._breach(f"a snapshot at {epoch}/{seq} after {self.epoch}/{at}")
                self._findings.epochs += 1
            elif wanted > at:
                self._lose(at, wanted, f"a snapshot at {seq} after {at}")
            elif wanted < at:
                self._breach(f"a snapshot at {seq} goes back from {at}")
        self._adopt(epoch, seq)

    def _adopt(self, epoch: str, seq: int) -> None:
        if epoch != self.epoch:
            self._holes.clear()
        self.epoch, self.seq = epoch, seq
        self._loading = None

    def _lose(self, after: int, upto: int, why: str) -> None:
        self._breach(why)
        self._miss(UNANNOUNCED, upto - after)
        self._holes.append((after, upto))
        del self._holes[:-HOLES_MAX]

    def _again(self, prev_seq: int, seq: int) -> None:
        """Tell what was missed before and comes late from what is known."""
        for index, (after, upto) in enumerate(self._holes):
            if after <= prev_seq and seq <= upto:
                rest = [(after, prev_seq), (seq, upto)]
                self._holes[index : index + 1] = [hole for hole in rest if hole[0] < hole[1]]
                self._findings.out_of_order += seq - prev_seq
                self._miss(UNANNOUNCED, prev_seq - seq)
                return
        self._findings.duplicates += seq - prev_seq

    def _breach(self, why: str) -> None:
        self._findings.violations += 1
        self._findings.why = self._findings.why or why
        self.whole = False


def _text(epoch: str, prev_seq: int, seq: int) -> str:
    return f"{epoch}/{prev_seq}..{seq}"
