"""The rules of Prometheus: each alert fires and does not fire, each metric in them is served."""

import asyncio
import re
import shutil
from urllib.request import urlopen

import msgspec
import pytest
import yaml
from alert_cases import CASES
from pages import DOCS
from prometheus_client.parser import text_string_to_metric_families
from promtool import run_promtool

from ledgerflux.adapters.nats_bus import NatsBus
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.servers import nats_of
from ledgerflux.telemetry.measures import NATS
from ledgerflux.wire.health import HEALTH_BUCKET, Health

pytestmark = pytest.mark.deploy

MONITORING = DOCS.parent / "k8s/components/monitoring"
RULES = sorted((MONITORING / "rules").glob("*.yaml"))
CONFIGS = sorted(MONITORING.glob("prometheus.*.yml"))
ROLES = ("exchange", "ingest", "normalize", "snapshot", "gateway")


def rules():
    for path in RULES:
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from group["rules"]


ALERTS = [rule for rule in rules() if "alert" in rule]


def documented(role=None):
    """Return the names that docs/metrics.md has, of one role or of all."""
    text = (DOCS / "metrics.md").read_text(encoding="utf-8")
    if role is not None:
        text = text.split(f"## {role}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))


def test_rules_and_configs_have_no_fault(tmp_path):
    done = run_promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in CONFIGS:
        config = tmp_path / path.name
        here = path.read_text().replace("/etc/prometheus/rules", str(MONITORING / "rules"))
        config.write_text(here)
        done = run_promtool("check", "config", config)
        assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_have_cases_both_ways():
    fire = {case.alert for case in CASES if case.fires}
    quiet = {case.alert for case in CASES if not case.fires} | {"Watchdog"}
    names = {rule["alert"] for rule in ALERTS}
    assert fire == quiet == names


def test_each_alert_fires_when_it_must_and_not_when_it_must_not(tmp_path):
    for path in RULES:
        shutil.copy(path, tmp_path)
    tests = [unit_test(case) for case in CASES]
    document = {"rule_files": [path.name for path in RULES], "evaluation_interval": "15s"}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({**document, "tests": tests}))
    done = run_promtool("test", "rules", tmp_path / "tests.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def unit_test(case):
    """Return one test in promtool's words: how many alerts of a name fire at a moment."""
    name = f"{case.alert} fires {case.fires} with {' '.join(case.series) or 'nothing'}"
    expected = [{"labels": "{}", "value": case.fires}] if case.fires else []
    return {
        "name": name,
        "interval": "15s",
        "input_series": [{"series": s, "values": v} for s, v in case.series.items()],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{case.alert}",alertstate="firing"}})',
                "eval_time": case.at,
                "exp_samples": expected,
            }
        ],
    }


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do(rule):
    assert rule["labels"]["severity"] in ("page", "ticket", "none")
    told = rule["annotations"]
    assert told["summary"].endswith(".")
    assert told["description"].endswith(".")
    page, _, anchor = told["runbook_url"].partition("#")
    headings = re.findall(r"^### (\w+)$", (DOCS.parent / page).read_text(), re.MULTILINE)
    assert rule["alert"] in headings
    assert anchor == rule["alert"].lower()


def test_no_runbook_is_left_over():
    alerts = (DOCS / "operations.md").read_text().split("## Alerts\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^### (\w+)$", alerts, re.MULTILINE)) == {r["alert"] for r in ALERTS}


def test_every_metric_of_a_rule_is_documented():
    found = set()
    for rule in rules():
        found |= set(re.findall(r"\b(?:ledgerflux|process)_\w+", rule["expr"]))
    assert found, "the look itself must find names"
    bare = {re.sub(r"_(bucket|count|sum)$", "", name) for name in found}
    assert bare - documented() == set()


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_each_role_is_a_job(config):
    document = yaml.safe_load(config.read_text())
    assert [job["job_name"] for job in document["scrape_configs"]] == list(ROLES)
    ports = {
        job["job_name"]: job["dns_sd_configs"][0]["port"] for job in document["scrape_configs"]
    }
    assert ports == dict.fromkeys(ROLES, 9100) | {"gateway": 8000}


async def metrics_of(stack):
    """Return the text of /metrics of every process of every role, by its health key."""
    login = nats_of(RunDir(stack.data_dir))
    found = {}
    bus_of = NatsBus.open(login.nats_url, user=login.nats_user, password=login.nats_password)
    async with bus_of as bus:
        for role in ROLES:
            for instance in range(4 if role == "normalize" else 1):
                key = f"{role}.{instance}"
                health = msgspec.json.decode(await bus.get(HEALTH_BUCKET, key), type=Health)
                url = f"{health.http}/metrics"
                found[key] = await asyncio.to_thread(lambda u: urlopen(u).read().decode(), url)
    return found


SOMETIMES = {f"ledgerflux_{name}" for name in NATS} | {
    f"ledgerflux_{role}_latency_{share}_seconds"
    for role in ROLES
    for share in ("p50", "p95", "p99", "p999")
}
"""Served only where the server is looked at, or something was measured in the last seconds."""


def test_each_role_serves_what_is_documented_and_promtool_finds_no_fault(stack):
    stack.start("--source", "synthetic:200")
    stack.wait("healthy")
    stack.lf("loadtest", "--clients", "5", "--duration", "3s", check=None)
    texts = asyncio.run(metrics_of(stack))
    for role in ROLES:
        served = set()
        for key, text in texts.items():
            if key.startswith(f"{role}."):
                served |= {_as_asked_for(f) for f in text_string_to_metric_families(text)}
                done = run_promtool("check", "metrics", given=text)
                assert done.returncode == 0, (key, done.stdout + done.stderr)
        assert served - documented(role) == set(), role
        assert documented(role) - served - SOMETIMES == set(), role


def _as_asked_for(family):
    return family.name + ("_total" if family.type == "counter" else "")
