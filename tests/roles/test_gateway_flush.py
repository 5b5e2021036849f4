import asyncio

from ledgerflux.adapters.system_clock import SystemClock
from ledgerflux.roles.gateway_flush import SLICE, Flusher


class Client:
    def __init__(self, flusher, again=0):
        self.flusher = flusher
        self.again = again
        self.flushed = 0
        self.settled = 0

    def flush(self):
        self.flushed += 1
        if self.again:
            self.again -= 1
            self.flusher.add(self)
        return 1

    def settle(self):
        self.settled += 1


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_clients_are_flushed_once_for_each_time_they_were_added():
    flusher = Flusher(SystemClock())
    clients = [Client(flusher) for _ in range(2 * SLICE + 3)]
    for client in clients:
        flusher.add(client)
    await until(lambda: all(client.flushed for client in clients))
    await asyncio.sleep(0.05)
    assert {(client.flushed, client.settled) for client in clients} == {(1, 1)}


async def test_one_with_more_to_write_is_flushed_again():
    flusher = Flusher(SystemClock())
    client = Client(flusher, again=3)
    flusher.add(client)
    await until(lambda: client.flushed == 4)


async def test_a_flush_that_was_forced_is_not_made_again():
    flusher = Flusher(SystemClock())
    client = Client(flusher)
    flusher.add(client)
    flusher.flush()
    assert client.flushed == 1
    await asyncio.sleep(0.05)
    assert client.flushed == 1
