from ledgerflux.bench.gateway.arena import ONE, TEN, Arena, Plan


def test_a_pace_is_ticks_and_words():
    assert (TEN.ticks(2.0), ONE.ticks(0.2), TEN.ticks(0.001)) == (20, 4, 1)
    assert TEN.told == "10 messages a 100 ms tick"
    assert ONE.told == "1 message a 50 ms tick"


def test_who_is_not_in_the_plan_is_left_out(tmp_path):
    arena = Arena(Plan(1.0, contenders=("ours",)), tmp_path, install=False)
    assert arena.missing["ours"] == ""
    assert arena.missing["broadcast"] == "left out"
    with arena.up(("broadcast",)) as servers:
        assert servers == {}


def test_what_is_sent_is_a_file_made_once(tmp_path):
    arena = Arena(Plan(1.0, contenders=()), tmp_path, install=False)
    first = arena.load(2)
    assert first.clients > Plan(1.0).crowd
    before = first.messages.read_bytes()
    assert arena.load(2).messages.read_bytes() == before
    assert arena.load(3).messages != first.messages
    assert 350 < first.message_bytes < 400
