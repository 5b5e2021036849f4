from ledgerflux.bench.gateway.arena import Plan
from ledgerflux.bench.gateway.chaos import ticks_of
from ledgerflux.bench.gateway.chaos_figures import CHAOS_KEYS, Chaos, chaos_figures
from ledgerflux.bench.gateway.following import Chain, Told


def chain(*told):
    made = Chain()
    for item in told:
        made.take(item)
    return made


def test_what_is_lacking_at_the_end_is_lost_in_silence_too():
    whole = chain(Told("update", "A", 1, 2), Told("gap", "A", 2, 4), Told("update", "A", 4, 5))
    short = chain(Told("update", "A", 1, 2), Told("update", "A", 1, 2))
    found = Chaos.of([whole, short, Chain()], {"A": 5})
    assert found == Chaos(updates=4, announced=2, silent=3 + 5, twice=1, short=2)
    rows = list(chaos_figures(found, 3, "2 clients; trouble"))
    assert [(row.key, row.value) for row in rows] == list(zip(CHAOS_KEYS, (8, 4, 4), strict=True))
    assert rows[1].conditions == "3 with other data or another checksum, 1 twice"


def test_it_takes_the_ticks_that_are_needed_and_no_more_time_than_there_is():
    assert ticks_of(Plan(10.0)) == 2_300
    assert ticks_of(Plan(1.0)) == 600
    assert ticks_of(Plan(1.0, chaos_messages=1)) == 1
