import json
from unittest.mock import patch

from fanouts import BTC, TIGHT, World, conflated, enter, follow, make, one, step, taken, types
from hypothesis import example, given, settings
from hypothesis import strategies as st
from streams import Numbered

from ledgerflux.core import snapshot as snapshot_module
from ledgerflux.core.client_session import ClientSession
from ledgerflux.core.fanout import Fanout
from ledgerflux.core.limits import Limits
from ledgerflux.core.parting import Close
from ledgerflux.core.snapshot import START, Position
from ledgerflux.core.terms import WHOLE, Terms
from ledgerflux.core.wish import Asked


def test_a_product_that_is_not_served_is_followed_all_the_same():
    fanout, source = make(products=()), Numbered()
    fanout.publish(source.snapshot().update().take(), 1)
    assert fanout.heads() == {}
    fanout.serve(["BTC-USD"])
    assert fanout.heads()["BTC-USD"] == ("run1", 2, 0, "live", "none")


def test_a_client_that_left_gets_nothing_and_holds_nothing():
    fanout, source = make(), Numbered()
    session = enter(fanout)
    follow(fanout, session, "trades", "level2")
    taken(session)
    fanout.leave(session)
    fanout.publish(source.trade().take(), 1)
    assert one(session) is None
    assert fanout.statistics() == (0, 0, 0, 0, 0, 0)


def test_one_of_two_followers_leaves_the_other_followed():
    fanout, source = make(), Numbered()
    stays, leaves = enter(fanout), enter(fanout)
    for session in (stays, leaves):
        follow(fanout, session, "trades")
    fanout.leave(leaves)
    fanout.publish(source.trade().take(), 1)
    assert "trade" in types(stays)


def test_who_asked_for_everything_hears_of_new_products_and_of_those_gone():
    fanout = make()
    session = enter(fanout)
    session.hold("trades", "*", Asked(WHOLE, "gap"))
    fanout.serve(["BTC-USD", "ETH-USD"])
    [joined] = taken(session)
    assert (joined["type"], joined["product_ids"], joined["venue"]) == (
        "subscribed",
        ["ETH-USD"],
        "v",
    )
    fanout.serve(["BTC-USD"])
    [gone] = taken(session)
    assert (gone["type"], gone["product_ids"]) == ("unsubscribed", ["ETH-USD"])
    assert session.used == 0


def test_a_product_joins_once_and_is_told_with_the_pattern_that_brought_it():
    fanout = make()
    session = enter(fanout)
    session.hold("trades", "SOL-*", Asked(WHOLE, "disconnect"))
    session.hold("trades", "*-USD", Asked(WHOLE, "gap"))
    session.hold("ticker", "*-EUR", Asked(WHOLE, "gap"))
    fanout.serve(["BTC-USD", "ETH-USD", "SOL-USD"])
    names = ("product_ids", "pattern", "on_slow")
    told = [tuple(map(message.get, names)) for message in taken(session)]
    assert told == [(["ETH-USD"], "*-USD", "gap"), (["SOL-USD"], "*-USD", "gap")]
    assert session.subscriptions["trades", "SOL-USD"].on_slow == "gap"
    assert session.used == 2


def test_a_product_for_which_there_is_no_room_is_named_and_does_not_join():
    limits = Limits(subscriptions_max=1)
    fanout = make(limits)
    session = enter(fanout, limits)
    session.hold("trades", "*", Asked(WHOLE, "gap"))
    fanout.serve(["BTC-USD", "ETH-USD", "SOL-USD"])
    joined, refused = taken(session)
    assert (joined["type"], joined["product_ids"]) == ("subscribed", ["ETH-USD"])
    assert (refused["code"], refused["product_ids"]) == ("limit_subscriptions", ["SOL-USD"])
    assert session.used == 1


def together(fanout: Fanout) -> list[ClientSession]:
    """Return two clients that follow trades and books and are told them together."""
    sessions = [enter(fanout), enter(fanout)]
    for session in sessions:
        follow(fanout, session, "trades", "level2")
        taken(session)
        fanout.unite(session)
    assert sessions[0].cohort is sessions[1].cohort is not None
    return sessions


def test_who_is_sent_away_was_told_first_what_it_was_told_with_others():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    away, stays = together(fanout)
    fanout.publish(source.trade().take(), 1)
    away.end(None, Close(1012, "restart"))
    assert away.cohort is None
    assert types(away) == ["trade", "goodbye"]
    assert list(stays.cohort.members) == [stays]


def test_who_asks_for_a_book_again_is_told_alone_from_then_on():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    asks, stays = together(fanout)
    asks.renew(("level2", "BTC-USD"))
    assert asks.cohort is None
    assert stays.cohort is not None


def test_another_venue_takes_nothing_over():
    fanout, source = make(), Numbered()
    session = enter(fanout)
    follow(fanout, session, "trades")
    fanout.publish(source.snapshot().take(), 1)
    taken(session)
    fanout.begin("v", integrity="none", integrity_rule="none")
    assert "BTC-USD" in fanout.products
    fanout.begin("other", integrity="sequence", integrity_rule="sequence:connection")
    assert types(session) == ["unsubscribed"]
    fanout.serve(["BTC-USD"])
    assert fanout.heads()["BTC-USD"] == ("", 0, 0, "init", "sequence")


def test_a_doubted_partition_is_told_once_and_trusted_again_with_the_same_book():
    fanout, source = make(products=("BTC-USD", "ETH-USD")), Numbered()
    session = enter(fanout)
    fanout.publish(source.snapshot().trade().take(), 1)
    fanout.publish(Numbered("ETH-USD").snapshot().take(), 1)
    follow(fanout, session, "level2", "trades", "ticker", "status")
    taken(session)
    for _ in range(2):
        fanout.doubt(BTC, "no ingest of partition 05 for 6 s")
    [gap] = taken(session)
    assert (gap["channel"], gap["cause"], gap["state"]) == ("level2", "store", "stale")
    assert gap["detail"] == "no ingest of partition 05 for 6 s"
    assert (gap["from_seq"], gap["to_seq"]) == (2, 1)
    assert [head.state for head in fanout.heads().values()] == ["stale", "live"]
    for _ in range(2):
        fanout.trust(BTC)
    told = taken(session)
    assert [message["type"] for message in told] == ["snapshot"]
    assert (told[0]["state"], told[0]["seq"]) == ("live", 1)
    fanout.publish(source.update().take(), 1)
    assert types(session) == ["update"]


def test_restore_of_nothing_makes_what_was_known_unknown():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    fanout.restore(BTC, None)
    assert fanout.heads()["BTC-USD"].state == "init"
    assert fanout.products["BTC-USD"].position("level2") == START


def test_beats_go_to_who_asked_for_them():
    fanout = make()
    with_beats, without = enter(fanout), enter(fanout)
    with_beats.join_beats("heartbeats", frozenset(["BTC-USD"]))
    assert fanout.beat_sets("heartbeats") == {frozenset(["BTC-USD"])}
    fanout.beat("heartbeats", {frozenset(["BTC-USD"]): b'{"type":"beat"}'})
    assert types(with_beats) == ["beat"]
    assert types(without) == []


def test_a_beat_reaches_members_and_those_alone_once_each():
    fanout = make()
    first, second, alone, without = (enter(fanout) for _ in range(4))
    for session in (first, second, alone):
        session.join_beats("heartbeats", None)
    without.join_beats("system", None)
    for session in (first, second, without):
        fanout.unite(session)
    fanout.beat("heartbeats", {None: b"beat"})
    assert [cohort.take() for cohort in fanout._followers.cohorts()] == [[b"beat"], []]
    assert alone.take(1000) == [b"beat"]
    assert not any(session.has_more for session in (first, second, without))
    assert fanout.beat_sets("heartbeats") == {None}


def test_a_beat_for_which_a_cohort_has_no_room_reaches_its_members_once_each():
    fanout = make(TIGHT)
    sessions = [enter(fanout, TIGHT) for _ in range(2)]
    for session in sessions:
        session.join_beats("heartbeats", None)
        fanout.unite(session)
    full = b"x" * TIGHT.outbox_bytes
    for message in (full, b"beat"):
        fanout.beat("heartbeats", {None: message})
    assert [session.take(10_000) for session in sessions] == [[full, b"beat"]] * 2
    assert [session.statistics().beats_skipped_total for session in sessions] == [0, 0]


def test_a_client_that_left_is_not_told_with_others():
    fanout = make()
    stays, leaves = enter(fanout), enter(fanout)
    for session in (stays, leaves):
        session.join_beats("heartbeats", None)
        fanout.unite(session)
    fanout.leave(leaves)
    fanout.unite(leaves)
    assert [list(cohort.members) for cohort in fanout._followers.cohorts()] == [[stays]]


def test_who_leaves_a_stream_leaves_its_cohort_and_nothing_else():
    fanout, source = make(), Numbered()
    fanout.publish(source.trade().status("live").take(), 1)
    stays, leaves = enter(fanout), enter(fanout)
    for session in (stays, leaves):
        follow(fanout, session, "trades", "status")
        taken(session)
        fanout.unite(session)
    fanout.publish(source.trade().take(), 1)
    fanout.part(leaves, "status", "BTC-USD")
    fanout.publish(source.trade().status("halted").take(), 1)
    assert types(leaves) == ["trade", "trade"]
    [cohort] = fanout._followers.cohorts()
    assert [json.loads(message)["type"] for message in cohort.take()] == [
        "trade",
        "trade",
        "status",
    ]
    assert fanout.statistics().delivered_total == 5


def test_a_ticker_subscriber_gets_the_last_value_and_its_place():
    fanout, source = make(), Numbered()
    fanout.publish(source.ticker("1").ticker("2").take(), 1)
    session = enter(fanout)
    stream = fanout.products["BTC-USD"]
    assert fanout.join(session, "ticker", stream, snapshot=True) == Position("run1", 1)
    session.put(b'{"type":"ack"}')
    _, ticker = taken(session)
    assert (ticker["prev_seq"], ticker["seq"]) == (1, 2)


TOLD_TOGETHER = [
    ("subscribe", "trades", ("BTC-USD", WHOLE)),
    ("subscribe", "level2", ("BTC-USD", WHOLE)),
    ("drain", 12, None),
    ("publish", "BTC-USD", [("trade", None), ("snapshot", [("buy", "1", "1")])]),
    ("drain", 12, None),
    ("publish", "BTC-USD", [("trade", None), ("update", [("buy", "2", "1")])]),
]


@settings(max_examples=150, deadline=None)
@example([*TOLD_TOGETHER, ("list", None, None)])
@example(
    [
        ("subscribe", "ticker", ("BTC-USD", Terms(1, "latest"))),
        ("publish", "BTC-USD", [("ticker", None), ("begin", None)]),
    ]
)
@example([*TOLD_TOGETHER, ("renew", "BTC-USD", None)])
@given(st.lists(step, max_size=60))
def test_whatever_happens_a_client_is_told_everything_or_what_it_missed(steps):
    with patch.object(snapshot_module, "LEVELS_PER_PART", 3):
        world = World()
        for kind, what, more in steps:
            world.run(kind, what, more)
        world._tick(20)
        world._write(takes=True)
        world.read(world.session, world.client, 100_000)
    for (channel, product), mirror in world.client.mirrors.items():
        stream = world.fanout.products[product]
        subscription = world.session.subscriptions[channel, product]
        assert mirror.position == subscription.stream.position(channel), (channel, product)
        depth, skips = subscription.terms.depth, subscription.on_slow == "gap"
        if channel == "level2" and not skips:
            assert mirror.whole or stream.state != "live"
        if mirror.whole:
            count = None if depth == "full" else depth
            assert mirror.book.bids() == stream.book.bids(count)
            assert mirror.book.asks() == stream.book.asks(count)
    assert world.client.mirrors.keys() == world.session.subscriptions.keys()
    assert world.healthy.statistics().fell_behind_total == 0


def test_those_who_ask_for_the_same_part_get_the_same_bytes_at_the_same_time():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    first, second, whole = enter(fanout), enter(fanout), enter(fanout)
    for session in (first, second):
        conflated(fanout, session, Terms(1, "100ms"))
    follow(fanout, whole, "level2")
    for session in (first, second, whole):
        taken(session)
    assert fanout.on_grid
    fanout.publish(source.update(("buy", "100.5", "9")).take(), 1)
    assert (one(first), one(second), types(whole)) == (None, None, ["update"])
    fanout.tick(1, 2)
    told = one(first)
    assert told is one(second)
    assert told is not None


def test_a_part_that_nobody_follows_is_not_made():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    session = enter(fanout)
    conflated(fanout, session, Terms(1, "100ms"))
    fanout.leave(session)
    assert not fanout.on_grid
    assert fanout.products["BTC-USD"].watchers == []


def test_a_product_that_is_gone_takes_its_parts_with_it():
    fanout, source = make(), Numbered()
    fanout.publish(source.snapshot().take(), 1)
    session = enter(fanout)
    conflated(fanout, session, Terms(10))
    taken(session)
    fanout.serve([])
    assert types(session) == ["unsubscribed"]
