"""What the shorter way hands on; that it does on a real server is for the contract of the bus."""

from ledgerflux.adapters.nats_client import DirectClient

HEADERS = b"NATS/1.0\r\nNats-Expected-Stream: MD_RAW\r\n\r\n"
STATUS = b"NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 7\r\n\r\n"


class _Heard:
    def __init__(self):
        self.messages = []
        self.client = DirectClient()
        self.client._takers[7] = self.messages.append

    async def hear(self, sid, headers):
        await self.client._process_msg(sid, b"a.b", b"back", b"body", headers)
        return self.messages[-1] if self.messages else None


async def test_a_message_is_taken_in_the_turn_it_was_read_in_and_its_headers_are_not_read():
    heard = _Heard()
    for headers in (HEADERS, b""):
        message = await heard.hear(7, headers)
        assert (message.subject, message.reply, message.data) == ("a.b", "back", b"body")
        assert message.headers is None
    assert heard.client.stats["in_msgs"] == 2
    assert heard.client.stats["in_bytes"] == 8


async def test_what_the_server_says_of_its_own_has_headers():
    message = await _Heard().hear(7, STATUS)
    assert message.headers["Status"] == "409"
    assert message.headers["Nats-Pending-Messages"] == "7"


async def test_a_taker_that_fails_ends_nothing_for_the_others():
    heard, told = _Heard(), []

    async def tell(error):
        told.append(str(error))

    def fail(_):
        raise ValueError("not of mine")

    heard.client._error_cb = tell
    heard.client._takers[9] = fail
    await heard.hear(9, b"")
    assert told == ["not of mine"]
    assert await heard.hear(7, b"") is not None


async def test_what_nobody_takes_directly_goes_the_way_of_the_library():
    assert await _Heard().hear(8, HEADERS) is None
