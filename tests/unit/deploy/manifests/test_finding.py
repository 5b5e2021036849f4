from ledgerflux.deploy.manifests import Finding


def test_a_finding_is_one_line_that_names_object_field_problem_and_rule() -> None:
    finding = Finding("selector", "Service/nats", "spec.selector", "selects no pod")
    assert str(finding) == "Service/nats spec.selector: selects no pod (selector)"
