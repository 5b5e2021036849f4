"""Readable frames that no book can take: refused with a reason, counted, and the rest goes on."""

import json

import pytest
from dialects import BOOK, VENUES, made_of, started, states
from hostile import made, rows
from normalizing import Clients
from raw_records import PRODUCTS, WRITE, frames_record, note_record, opening

from ledgerflux.core.partition_normalizer import PartitionNormalizer
from ledgerflux.roles.normalizer import Normalizer
from ledgerflux.venues.registry import venue

ABSENT = object()
BTC, ETH = PRODUCTS


def at_start(name, row):
    """A normalizer as the row finds it, and what it has told so far."""
    if row.get("start") == "syncing":
        normalizer = Normalizer(venue(name))
        return normalizer, [normalizer.take(note_record(1, opening()))]
    normalizer = Normalizer(venue(name))
    books = [WRITE[name](n, ("snapshot", product, BOOK)) for n, product in enumerate(PRODUCTS)]
    records = note_record(1, opening()), frames_record(2, books)
    return normalizer, [normalizer.take(record) for record in records]


def frames_of(name, row, number):
    """The row's frames in the dialect `name`, numbered from `number`."""
    if "frames" in row:
        return [made(row["frames"][name], {"sequence": b"%d" % number})]
    return [frame_of(name, row, number + n, said) for n, said in enumerate(row["says"])]


def frame_of(name, row, number, said):
    kind, product, what = said
    if isinstance(what, dict):
        size = what["ladder"]
        bids = [("buy", str(size - n), "1") for n in range(size)]
        what = bids + [("sell", str(size + 1 + n), "1") for n in range(size)]
    frame = json.loads(WRITE[name](number, (kind, product, what)))
    for key, values in (
        ("sequence_num", {"sequence"}),
        ("time", {"time"}),
        ("timestamp", {"time"}),
    ):
        given = next((row[value] for value in values if value in row), ABSENT)
        if given is not ABSENT and key in frame:
            frame[key] = given
            if given is None:
                del frame[key]
    return json.dumps(frame).encode()


def market_rows():
    for case in rows("market"):
        for name in case.values[0].get("venues", VENUES):
            yield pytest.param(name, case.values[0], id=f"{name}: {case.id}")


@pytest.mark.parametrize(("name", "row"), list(market_rows()))
def test_what_no_book_can_take_is_refused_with_its_reason_and_the_rest_goes_on(name, row):
    normalizer, outputs = at_start(name, row)
    frames = frames_of(name, row, 0 if "start" in row else 2)
    told = [normalizer.take(frames_record(3 + n, [frame])) for n, frame in enumerate(frames)]
    dead = [letter for output in told for letter in output.dead]
    state = row.get("state", "live")
    asked = {resync.product for output in told for resync in output.resyncs}

    assert states(normalizer)[BTC] == state
    assert states(normalizer)[ETH] == (state if row.get("everyone") or "start" in row else "live")
    assert [letter.reason for letter in dead] == row.get("dead", [])
    assert all(letter.frame == frames[letter.number - 3] for letter in dead)
    assert all(row.get("detail", "") in letter.detail for letter in dead)
    assert asked == (
        set() if state != "suspect" else set(PRODUCTS if row.get("everyone") else [BTC])
    )
    counts = normalizer.machine.counts + normalizer.machine.passed_over()
    assert {key: counts[key] for key in row.get("counts", {})} == row.get("counts", {})
    assert normalizer.machine.counts["dlq"] == len(dead)
    said_right(row, made_of(told), normalizer.machine)

    fresh = WRITE[name](len(frames) + (0 if "start" in row else 2), ("snapshot", BTC, BOOK))
    told.append(normalizer.take(frames_record(9, [*restarted(name, row, fresh)])))
    assert states(normalizer)[BTC] == "live"
    clients = Clients()
    clients.take(made_of(outputs + told))
    clients.check(normalizer.machine)


def restarted(name, row, fresh):
    """The next snapshot under a number that continues whatever the row's frame had."""
    if "sequence" not in row:
        return [fresh]
    number = row["sequence"]
    known = isinstance(number, int) and 2 <= number < 2**63
    return [WRITE[name](number + 1 if known else 2, ("snapshot", BTC, BOOK))]


def said_right(row, events, machine):
    mine = [item for item in events if item.product == BTC and item.channel in ("level2", "trades")]
    if "told" in row:
        assert [item.type for item in mine] == row["told"]
    if "ts_exchange" in row:
        assert [item.event.ts_exchange for item in mine] == [row["ts_exchange"]]
    if "missing" in row:
        gap = next(item.event for item in mine if item.type == "gap")
        assert [gap.from_id, gap.to_id] == row["missing"]
    book = machine.products[BTC].book
    if "book" in row:
        sides = [[list(level) for level in side] for side in (book.bids(), book.asks())]
        assert sides == row["book"]
    if "levels" in row:
        assert len(book.bids()) + len(book.asks()) == row["levels"]
    if "holds" in row:
        assert any(row["holds"] in level for level in book.bids() + book.asks())


def test_what_was_passed_over_is_counted_on_over_epochs():
    normalizer = started("coinbase-exchange")
    write = WRITE["coinbase-exchange"]
    gone = frames_record(3, [write(0, ("update", BTC, [("buy", "1", "0")]))])
    normalizer.take(gone)
    normalizer.take(note_record(4, opening("r2")))
    books = [write(0, ("snapshot", product, BOOK)) for product in PRODUCTS]
    normalizer.take(frames_record(5, books))
    normalizer.take(gone._replace(number=6))
    assert normalizer.machine.passed_over()["unknown_deletes"] == 2
    assert PartitionNormalizer().passed_over() == {}
