"""The checklist of what only a real cluster proves can fail, and its report says so."""

import pytest
import verify_minikube as verify
from verify_minikube import Ran


@pytest.mark.parametrize(
    ("holds", "good", "bad"),
    [
        (verify.ended_well, Ran(0, "", ""), Ran(1, "", "")),
        (verify.changed_nothing, Ran(0, '{"changed": []}', ""), Ran(0, '{"changed": ["a"]}', "")),
        (verify.changed_nothing, Ran(0, '{"changed": []}', ""), Ran(0, "no json", "")),
        (verify.refused_by_pod_security, Ran(1, "", "violates PodSecurity"), Ran(0, "made", "")),
        (verify.all_bound, Ran(0, "Bound Bound", ""), Ran(0, "Bound Pending", "")),
        (verify.all_bound, Ran(0, "Bound", ""), Ran(0, "", "")),
        (verify.in_order, Ran(0, "0 1 3 2", ""), Ran(0, "0 1 2", "")),
        (verify.evictions_allowed, Ran(0, "1 1", ""), Ran(0, "1 0", "")),
        (verify.policies_enforced, Ran(0, '{"network_policies": "enforced by calico"}', ""),
         Ran(0, '{"network_policies": "not enforced by this CNI"}', "")),
    ],
)  # fmt: skip
def test_each_judgement_can_fail(holds, good, bad):
    assert holds(good)
    assert not holds(bad)


def test_every_command_is_a_program_with_arguments():
    found = verify.checks()
    assert len(found) == len({check.claim for check in found})
    assert all(len(check.argv) > 2 for check in found)


def test_a_report_tells_what_did_not_hold():
    first, *_ = verify.checks()
    verdicts = [
        verify.judge(first, Ran(0, "fine\n", ""), 1),
        verify.judge(first, Ran(5, "", "error[x]: a | b\n"), 2),
    ]
    text = verify.report(verdicts, "here", "2026-01-02")
    assert "1 of 2 checks held" in text
    assert "| **no** | 2 | `error[x]: a   b` |" in text


def test_a_program_that_is_not_there_is_a_check_that_fails():
    assert verify.run(("no-such-program-at-all",)).code == 127
