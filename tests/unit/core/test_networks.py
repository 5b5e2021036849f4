import pytest

from ledgerflux.core.networks import LOOPBACK, networks_of, peer_of, read_network


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:127.0.0.1", "127.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("gone", "gone"),
        ("x" * 100, "x" * 64),
    ],
)
def test_what_counts_as_one(address, key):
    assert peer_of(address).key == key


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_its_loopback_network(address):
    assert peer_of(address).within(LOOPBACK)


@pytest.mark.parametrize("address", ["192.0.2.1", "::2", "gone", ""])
def test_others_are_not(address):
    assert not peer_of(address).within(LOOPBACK)


def test_an_address_is_within_the_networks_that_have_it():
    networks = networks_of(["172.16.0.0/12", "2001:db8::/32"])
    within = ("172.18.0.1", "::ffff:172.18.0.1", "2001:db8:ffff::1")
    assert all(peer_of(address).within(networks) for address in within)
    assert not any(peer_of(address).within(networks) for address in ("172.32.0.1", "::1"))
    assert not peer_of("172.18.0.1").within(())


def test_networks_are_read_and_told_in_one_form():
    assert read_network("10.0.0.0/255.0.0.0") == "10.0.0.0/8"
    assert read_network("2001:DB8:0::/32") == "2001:db8::/32"
    assert read_network("192.0.2.1") == "192.0.2.1/32"


@pytest.mark.parametrize(
    "text", ["", "10.0.0.1/8", "example.com", "10.0.0.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0"]
)
def test_what_names_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r"is no network such as 10\.0\.0\.0/8"):
        read_network(text)
