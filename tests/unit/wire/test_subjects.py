import pytest

from ledgerflux.testing.memory_bus import matches
from ledgerflux.wire import subjects

VENUE = "coinbase-advanced"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (subjects.raw_subject(7, VENUE), "md.raw.07.coinbase-advanced"),
        (subjects.norm_subject(31, VENUE), "md.norm.31.coinbase-advanced"),
        (subjects.live_subject(0, VENUE), "md.live.00.coinbase-advanced"),
        (subjects.snap_subject(7, VENUE, 12), "md.snap.07.coinbase-advanced.12"),
        (subjects.snap_subject(7, VENUE), "md.snap.07.coinbase-advanced.*"),
        (subjects.dlq_subject(7, "malformed"), "md.dlq.07.malformed"),
        (subjects.health_subject(), "$KV.LF_HEALTH.>"),
        (subjects.conf_subject("feed"), "$KV.LF_CONF.feed"),
        (subjects.health_subject("gateway.0"), "$KV.LF_HEALTH.gateway.0"),
        (subjects.resync_subject(VENUE, 7), "lf.ctl.ingest.coinbase-advanced.07.resync"),
        (subjects.exchange_subject("start"), "lf.ctl.exchange.start"),
    ],
)
def test_every_subject_has_its_documented_name(subject, expected):
    assert subject == expected


def test_streams_have_the_names_of_the_design():
    names = (subjects.RAW, subjects.NORM, subjects.SNAP, subjects.DLQ)
    assert names == ("MD_RAW", "MD_NORM", "MD_SNAP", "MD_DLQ")


def test_all_parts_of_a_checkpoint_can_be_asked_for_at_once():
    every = subjects.snap_subject(7, VENUE)
    assert matches(every, subjects.snap_subject(7, VENUE, 0))
    assert not matches(every, subjects.snap_subject(8, VENUE, 0))


def test_what_is_normalized_is_republished_under_its_live_name():
    norm = subjects.norm_subject(3, VENUE)
    assert norm.replace("md.norm.", "md.live.", 1) == subjects.live_subject(3, VENUE)
