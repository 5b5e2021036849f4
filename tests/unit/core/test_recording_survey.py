from recorded_lines import MS, SERVER, acknowledgement, beat, line, snapshot, update

from ledgerflux.core.recording_survey import survey


def test_a_survey_names_what_can_be_subscribed():
    lines = [
        line(acknowledgement(0), ts=3),
        line(snapshot(1), ts=4),
        line(update(2, "C-D"), ts=5),
        line(update(3, "no product"), ts=5),
        line(beat(4), ts=6),
        line(b'{"channel":"candles","events":[{"candles":[{"product_id":"E-F"}]}]}'),
        line(b"", ts=8, kind="close"),
        line(update(0), ts=7, connection="c-2"),
    ]
    held = survey(lines, SERVER)
    assert held.products == ("A-B", "C-D", "E-F")
    assert held.channels == ("level2", "heartbeats")
    assert held.pairs == {("level2", "A-B"), ("level2", "C-D"), ("heartbeats", "")}
    assert (held.frames, held.items) == (7, 7)
    assert (held.first_ns, held.last_ns) == (3, 7)


def test_a_survey_says_where_it_is_busy_and_where_it_breaks():
    lines = [
        line(snapshot(0), 1_000 * MS),
        line(update(2), 1_150 * MS),
        line(b"", 1_150 * MS, kind="close"),
        line(update(0), 1_300 * MS, "c-2"),
    ]
    held = survey(lines, SERVER)
    assert (held.items, held.span_ns, held.begin_ns) == (4, 300 * MS, 1_000 * MS)
    assert held.profile.frames == (1, 1, 0, 1)
    assert held.profile.marks == (("gap", 150 * MS), ("close", 150 * MS))


def test_a_recording_without_times_is_surveyed_too():
    held = survey([line(snapshot(0)), line(update(1))], SERVER)
    assert (held.first_ns, held.last_ns, held.begin_ns, held.span_ns) == (None, None, None, MS)
