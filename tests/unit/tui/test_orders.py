from tui_support import dashboard, ordered


async def test_a_restart_is_asked_for_and_only_yes_does_it():
    async with dashboard() as screen:
        screen.app.orders.restart("normalize-1", "its books are stale meanwhile")
        await screen.shows("Start normalize-1 anew?")
        await screen.shows("its books are stale meanwhile")
        await screen.press("enter")
        await screen.shows_no("anew?")
        assert screen.crank.orders == []
        screen.app.orders.restart("normalize-1")
        await screen.shows("anew?")
        assert await ordered(screen, "y") == [("restart", {"service": "normalize-1"})]


async def test_a_refusal_is_said():
    async with dashboard(view="replay") as screen:
        screen.crank.replay()
        screen.crank.refusal = "this gateway is read-only"
        await screen.shows("PLAYING")
        await ordered(screen, "space")
        await screen.shows("this gateway is read-only")


async def test_read_only_orders_nothing():
    async with dashboard(read_only=True) as screen:
        screen.app.orders.give("pause")
        await screen.paint()
        assert screen.crank.orders == []
