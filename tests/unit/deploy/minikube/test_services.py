"""The gateway always gets a port; monitoring where it runs."""

from ledgerflux.deploy.minikube.services import forwards_of
from ledgerflux.deploy.minikube.wish import Wish

ALL = {"gateway", "prometheus", "grafana"}


def usual(asked, usual):
    return usual if asked is None else asked


def test_all_that_run_are_forwarded():
    found = forwards_of(Wish(port=9), ALL, usual)
    assert [tuple(one) for one in found] == [
        ("gateway", 9, 8000), ("prometheus", 9090, 9090), ("grafana", 3000, 3000),
    ]  # fmt: skip


def test_without_monitoring_only_the_gateway():
    assert len(forwards_of(Wish(monitoring=False), ALL, usual)) == 1
    assert len(forwards_of(Wish(), {"gateway"}, usual)) == 1
