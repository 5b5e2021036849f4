import pytest

from ledgerflux.core.credentials import Grant
from ledgerflux.core.remote_control import Caller, ControlRules

HERE = Caller("127.0.0.1", direct=True, grant=None)
THERE = HERE._replace(address="192.0.2.7")
KEY = Grant("desk", channels=("*", "control"))
READER = Grant("desk")


@pytest.mark.parametrize(
    ("rules", "caller", "why"),
    [
        (ControlRules(), HERE, None),
        (ControlRules(), THERE, "own machine"),
        (ControlRules(), HERE._replace(direct=False), "pages and proxies"),
        (ControlRules(read_only=True), HERE, "read-only"),
        (ControlRules(read_only=True, closed=True), HERE._replace(grant=KEY), "read-only"),
        (ControlRules(public=True), HERE, "wants a token"),
        (ControlRules(public=True, closed=True), THERE._replace(grant=KEY), None),
        (ControlRules(closed=True), HERE, "does not grant control"),
        (ControlRules(closed=True), HERE._replace(grant=READER), "does not grant control"),
        (ControlRules(closed=True), HERE._replace(grant=KEY), None),
        (ControlRules(closed=True), HERE._replace(grant=KEY, direct=False), "pages and proxies"),
    ],
)
def test_who_may_control_the_stack(rules, caller, why):
    said = rules.refuse(caller)
    assert (said is None) == (why is None)
    assert why is None or why in said
