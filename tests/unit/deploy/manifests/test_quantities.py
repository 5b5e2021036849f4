from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifests import good, put

from ledgerflux.deploy.manifests.quantities import findings, quantity

RESOURCES = "spec.template.spec.containers.0.resources"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("250m", Fraction(1, 4)),
        ("512Mi", Fraction(512 * 1024**2)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("2", Fraction(2)),
        (2, Fraction(2)),
        ("1e3", Fraction(1000)),
        ("1E3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("100k", Fraction(100_000)),
        ("5n", Fraction(5, 10**9)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("-1", Fraction(-1)),
    ],
)
def test_a_quantity_is_read_exactly(text: Any, value: Fraction) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize(
    "text",
    ["512MB!", "", "Mi", "1 Gi", "1K", "1ki", "0x10", "1e", "1e3Mi", "٣", "1\n", None, True, 1.5],
)  # fmt: skip
def test_what_is_no_quantity_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)


@given(st.integers(0, 10**12), st.sampled_from(["", "k", "M", "G", "Ki", "Mi", "Gi", "m"]))
def test_a_suffix_only_scales(number: int, suffix: str) -> None:
    assert quantity(f"{number}{suffix}") == number * quantity(f"1{suffix}")


@given(st.decimals(0, 10**6, allow_nan=False, places=3))
def test_a_decimal_is_exact(number: Any) -> None:
    assert quantity(f"{number:f}") == Fraction(number)


@given(st.text(max_size=8))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        quantity(text)
    except ValueError:
        return


def test_good_objects_pass() -> None:
    assert findings(good()) == []


@pytest.mark.parametrize(
    ("called", "path", "value", "place"),
    [
        ("StatefulSet/nats", f"{RESOURCES}.limits.memory", "512MB!", "limits.memory"),
        ("Deployment/gateway", f"{RESOURCES}.requests.cpu", "fast", "requests.cpu"),
        ("Deployment/gateway", f"{RESOURCES}.requests.cpu", "-1", "requests.cpu"),
        ("Deployment/gateway", f"{RESOURCES}.requests.cpu", "2", "requests.cpu"),
        (
            "StatefulSet/nats",
            "spec.volumeClaimTemplates.0.spec.resources.requests.storage",
            "10GB",
            "requests.storage",
        ),
        (
            "StatefulSet/nats",
            "spec.template.spec.volumes.0.emptyDir",
            {"sizeLimit": "much"},
            "emptyDir.sizeLimit",
        ),
    ],
)
def test_a_wrong_quantity_is_found(called: str, path: str, value: Any, place: str) -> None:
    [finding] = findings(put(good(), called, path, value))
    assert (finding.rule, finding.object) == ("quantity", called)
    assert finding.path.endswith(place)


def test_a_claim_by_itself_is_looked_at() -> None:
    claim = {"kind": "PersistentVolumeClaim", "metadata": {"name": "a"}}
    claim["spec"] = {"resources": {"requests": {"storage": "x"}}}
    assert [finding.object for finding in findings([claim])] == ["PersistentVolumeClaim/a"]
