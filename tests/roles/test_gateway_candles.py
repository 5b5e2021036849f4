"""Candles on the wire: first what is known, then what changes, by pattern and by interval."""

from gateway_support import NormLog, running, until


def at(source, minute, price):
    source.time = f"2024-01-02T03:{minute:02d}:05.000000006Z"
    return source.trade(price)


async def begun(stack):
    log = await NormLog(stack.bus).open()
    at(log.source.snapshot(), 4, "4")
    at(log.source, 5, "5")
    await log.write()
    client = await stack.client()
    await until(lambda: stack.served(log))
    return log, client


def shown(message):
    return [(bar.start[14:16], bar.close, bar.closed, bar.whole) for bar in message.candles()]


async def test_bars_come_whole_and_closed_as_trades_go_on():
    async with running() as stack:
        log, client = await begun(stack)
        answer = await client.subscribe("candles", interval="1m")
        assert (answer.interval, answer.streams["BTC-USD"].seq) == ("1m", 2)
        known = await client.next_of("candle")
        assert shown(known) == [("04", "4", True, False), ("05", "5", False, True)]
        at(log.source, 5, "5.5")
        at(log.source, 6, "6")
        await log.write()
        told = await client.next_of("candle")
        assert shown(told) == [("05", "5.5", True, True), ("06", "6", False, True)]
        log.source.trades_missing()
        await log.write()
        assert shown(await client.next_of("candle")) == [("06", "6", False, False)]
        listed = await client.ask("subscriptions")
        assert b'"interval":"1m"' in listed.raw


async def test_an_open_bar_is_told_by_the_grid_and_closed_by_the_books_time():
    async with running() as stack:
        log, client = await begun(stack)
        await client.subscribe("candles", interval="1m")
        await client.next_of("candle")
        at(log.source, 5, "7")
        await log.write()
        assert shown(await client.next_of("candle")) == [("05", "7", False, True)]
        log.source.time = "2024-01-02T03:06:02.000000000Z"
        log.source.update()
        await log.write()
        assert shown(await client.next_of("candle")) == [("05", "7", True, True)]


async def test_intervals_are_followed_side_by_side_and_each_once_by_a_connection():
    async with running() as stack:
        _, client = await begun(stack)
        other = await stack.client()
        await client.subscribe("candles", interval="5m")
        await other.subscribe("candles")
        assert shown(await client.next_of("candle"))[0] == ("00", "4", True, False)
        assert shown(await other.next_of("candle"))[0] == ("04", "4", True, False)
        refused = await client.ask(
            "subscribe", channel="candles", product_ids=["BTC-USD"], interval="1m"
        )
        assert refused.code == "already_subscribed"
        left = await client.ask("unsubscribe", channel="candles", product_ids=["*"])
        assert left.type == "unsubscribed"
        again = await client.ask(
            "subscribe", channel="candles", product_ids=["BTC-*"], interval="1m"
        )
        assert (again.type, again.interval) == ("subscribed", "1m")
