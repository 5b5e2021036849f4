from ledgerflux.bench.gateway.deflated import BYTES, COST, figures
from ledgerflux.bench.gateway.rounds import Round


def rounds(cpu_s, wire_bytes, compressed=4, delivered=100):
    made = Round(cpu_s, 1.0, delivered, 100, 0, 0, [1.0], 0.0, wire_bytes, compressed)
    return [made, made]


def found(ours, theirs):
    return list(figures(("ours", "theirs"), ours, theirs, "so", 4))


def test_cpu_and_bytes_are_told_beside_each_other():
    cost, sent = found(rounds(1e-4, 5_000), rounds(2e-3, 4_000))
    assert (cost.key, cost.value, sent.key, sent.value) == (COST, 20.0, BYTES, 1.25)
    assert "50.0 and 40.0 bytes on the wire" in sent.conditions


def test_who_declines_gives_no_figure():
    for ours, theirs, name in (
        (rounds(1e-4, 5_000, compressed=3), rounds(2e-3, 4_000), "ours"),
        (rounds(1e-4, 5_000), rounds(2e-3, 4_000, compressed=0), "theirs"),
    ):
        rows = found(ours, theirs)
        assert [row.value for row in rows] == [None, None]
        assert {row.doubt for row in rows} == {f"{name} declined deflate"}


def test_where_messages_are_missing_bytes_say_nothing():
    rows = found(rounds(1e-4, 5_000, delivered=99), rounds(2e-3, 4_000))
    assert [row.value for row in rows] == [None, None]
