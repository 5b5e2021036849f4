"""kubectl's complaints become errors with a code and a way on."""

import pytest

from ledgerflux.deploy.minikube.refusals import is_gone, refusal

CONFLICT = (
    'error: Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: '
    ".spec.replicas\n"
    "Please review the fields above"
)


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        ("Unable to connect to the server: EOF", "cluster_unreachable", 3),
        ("The connection to the server was refused", "cluster_unreachable", 3),
        ('error: context "ledgerflux" does not exist', "cluster_unreachable", 3),
        (
            'Error from server (Forbidden): pods "x" is forbidden: exceeded quota: q',
            "apply_refused",
            1,
        ),
        ('Error from server (Forbidden): x is forbidden: User "u"', "permission_denied", 5),
        ("error: You must be logged in to the server (Unauthorized)", "permission_denied", 5),
        (CONFLICT, "field_conflict", 6),
        ("Apply failed with 2 conflicts", "field_conflict", 6),
        ('Error from server (Invalid): Service "x" is invalid', "apply_refused", 1),
        ("", "apply_refused", 1),
    ],
)
def test_each_has_a_code_and_something_to_try(words, code, exit_code):
    error = refusal(words, context="ledgerflux")
    assert (error.code, error.exit_code) == (code, exit_code)
    assert error.try_next


def test_a_conflict_names_who_and_which_field():
    assert "kubectl-edit has set .spec.replicas" in str(refusal(CONFLICT, context="c"))


def test_only_a_lost_connection_is_worth_another_try():
    assert is_gone("dial tcp: connect: connection refused")
    assert not is_gone(CONFLICT)
