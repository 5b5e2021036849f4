from ledgerflux.bench.gateway.following import Chain, Told
from ledgerflux.bench.gateway.storm_figures import STORM_KEYS, Storm, storm_figures

HEADS = {"A": 7}


def chain(*told):
    made = Chain()
    for item in told:
        made.take(item)
    return made


def test_whole_is_who_was_recovered_and_has_everything_once():
    whole = chain(Told("update", "A", 5, 6), Told("update", "A", 6, 7))
    hole = chain(Told("update", "A", 4, 5), Told("update", "A", 6, 7))
    twice = chain(Told("update", "A", 6, 7), Told("update", "A", 6, 7))
    gap = chain(Told("update", "A", 5, 6), Told("gap", "A", 6, 7))
    short = chain(Told("update", "A", 5, 6))
    chains = [(True, whole), (False, whole), (True, hole), (True, twice), (True, gap)]
    storm = Storm.of([*chains, (True, short)], HEADS, 1.5)
    assert storm == Storm(6, 1, 1, 1, 1.5)
    assert storm.share == 16.667
    assert Storm.of([], HEADS, 0.0).share == 0.0


def test_of_several_storms_the_worst_share_and_the_median_time_count():
    ours = [Storm(10, 10, 0, 0, 3.0), Storm(10, 9, 4, 0, 1.0), Storm(10, 10, 0, 1, 1.5)]
    found = list(storm_figures(ours, [Storm(10, 10, 0, 0, 2.0)], "10 clients", "a doubt"))
    assert [row.key for row in found] == list(STORM_KEYS[:4])
    assert [row.value for row in found] == [90.0, 1.5, 100.0, 2.0]
    assert [row.doubt for row in found] == ["", "a doubt", "", "a doubt"]
    assert found[0].conditions == "10 clients; 4 messages missing, 1 twice"
