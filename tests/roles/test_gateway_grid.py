from gateway_support import NormLog, running, served_log, until


async def test_a_conflated_book_is_told_at_ticks_and_ends_as_it_is():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot()
        await log.write()
        client = await stack.client()
        await until(lambda: stack.served(log))
        await client.subscribe("level2", depth=1, conflate="50ms")
        await client.next_of("snapshot")
        for size in range(1, 40):
            log.source.update(("buy", "100.5", str(size)))
            await log.write()
        mirror = client.follower.mirrors["level2", "BTC-USD"]
        while mirror.position.seq != 40:
            await client.next()
        updates = [message for message in client.messages if message.type == "update"]
        assert len(updates) < 39
        assert mirror.book.bids() == [("100.5", "39")]
        assert mirror.live


async def test_parts_of_a_book_and_the_whole_are_followed_side_by_side():
    async with running() as stack:
        log = await served_log(stack)
        clients = [await stack.client() for _ in range(4)]
        asked = [{}, {"depth": 1}, {"depth": 1, "conflate": "latest"}, {"conflate": "100ms"}]
        for client, more in zip(clients, asked, strict=True):
            await client.subscribe("level2", **more)
            await client.next_of("snapshot")
        for size in range(1, 20):
            log.source.update(("buy", "100.5", str(size)), ("buy", f"{size}", "1"))
            await log.write()
        for client, more in zip(clients, asked, strict=True):
            mirror = client.follower.mirrors["level2", "BTC-USD"]
            while mirror.book.bids(1) != [("100.5", "19")]:
                await client.next()
            assert mirror.live
            assert mirror.book.bids() == log.source.book.bids(more.get("depth"))


async def test_without_a_depth_fifty_levels_come():
    async with running() as stack:
        log = await NormLog(stack.bus).open()
        log.source.snapshot([(str(price), "1") for price in range(1, 200)], [])
        await log.write()
        await until(lambda: stack.served(log))
        client = await stack.client()
        answer = await client.ask("subscribe", channel="level2", product_ids=["BTC-USD"])
        snapshot = await client.next_of("snapshot")
        assert (answer.depth, answer.conflate, snapshot.depth) == (50, "none", 50)
        assert len(snapshot.bids) == 50
