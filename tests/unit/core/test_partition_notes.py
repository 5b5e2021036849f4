from ledgerflux.core.partition_notes import Notice, Resync, Session


def test_before_the_first_connection_nothing_is_known_of_it():
    assert Session() == ("", "", (), 0, None)


def test_a_request_for_a_snapshot_is_told_as_it_is_sent():
    assert Resync("BTC-USD", "a hole")._asdict() == {"product": "BTC-USD", "reason": "a hole"}


def test_a_notice_says_what_is_useless_and_why():
    assert Notice("book", "BTC-USD: crossed") == ("book", "BTC-USD: crossed")
