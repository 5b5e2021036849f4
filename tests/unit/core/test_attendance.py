from ledgerflux.core.attendance import ROLES, SILENCE_NS, Attendance

NOW_NS = 77_000_000_000


def test_a_partition_nobody_asked_for_before_has_its_silence_before_it():
    known = Attendance()
    assert known.missing(5, NOW_NS) == ""
    assert known.missing(5, NOW_NS + SILENCE_NS) == ""
    missing = known.missing(5, NOW_NS + SILENCE_NS + 1)
    assert missing == "no ingest of partition 05 for 5 s"


def test_both_roles_must_be_heard_of():
    known = Attendance()
    known.missing(5, 0)
    known.heard("ingest", 5, NOW_NS)
    assert known.missing(5, NOW_NS) == "no normalize of partition 05 for 77 s"
    known.heard("normalize", 5, NOW_NS)
    assert known.missing(5, NOW_NS) == ""
    known.heard("ingest", 5, NOW_NS + SILENCE_NS + 1)
    assert known.missing(5, NOW_NS + SILENCE_NS + 1).startswith("no normalize")


def test_other_partitions_and_other_roles_say_nothing_of_it():
    known = Attendance()
    known.missing(5, 0)
    for role in ROLES:
        known.heard(role, 6, NOW_NS)
    known.heard("snapshot", 5, NOW_NS)
    assert known.missing(5, NOW_NS)
    assert known.missing(6, NOW_NS) == ""


def test_events_show_that_everybody_works():
    known = Attendance()
    known.missing(5, 0)
    known.moved(5, NOW_NS)
    assert known.missing(5, NOW_NS + SILENCE_NS) == ""
    assert known.missing(5, NOW_NS + SILENCE_NS + 1)
