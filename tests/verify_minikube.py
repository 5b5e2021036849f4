"""What only a real cluster proves, as a checklist; each run leaves a dated report.

`just verify-minikube` on a machine with minikube and a Docker Engine. It makes the profile
`ledgerflux`, and leaves it up (`--clean` deletes it). Exit 0 where every check held.
"""

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
REPORTS = ROOT / "docs" / "clusters"
LF = (sys.executable, "-m", "ledgerflux_cli")
KUBECTL = ("kubectl", "--context", "ledgerflux", "-n", "ledgerflux")
PATIENCE_S = 1200
AS_ROOT = json.dumps({"spec": {"securityContext": {"runAsUser": 0}}})


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


class Check(NamedTuple):
    """One claim, the command that proves it, and what its output must be."""

    claim: str
    argv: tuple[str, ...]
    holds: Callable[[Ran], bool]


class Verdict(NamedTuple):
    """A check, whether it held, how long it took, and what was printed last."""

    check: Check
    held: bool
    seconds: float
    last: str


def ended_well(ran: Ran) -> bool:
    """Say whether a command ended with 0."""
    return ran.code == 0


def document(ran: Ran) -> dict:
    """Return the JSON a command printed, an empty object for none."""
    try:
        return json.loads(ran.out)
    except ValueError:
        return {}


def changed_nothing(ran: Ran) -> bool:
    """Say whether a second `lf up` left everything as it was."""
    return ran.code == 0 and document(ran).get("changed") == []


def refused_by_pod_security(ran: Ran) -> bool:
    """Say whether the API server refused a pod that runs as root."""
    return ran.code != 0 and "violates PodSecurity" in ran.err


def all_bound(ran: Ran) -> bool:
    """Say whether there are claims and all have a volume."""
    return bool(ran.out.split()) and set(ran.out.split()) == {"Bound"}


def in_order(ran: Ran) -> bool:
    """Say whether the normalizers have the indexes 0, 1, 2, 3."""
    return sorted(ran.out.split()) == ["0", "1", "2", "3"]


def evictions_allowed(ran: Ran) -> bool:
    """Say whether every disruption budget lets one pod go."""
    return bool(ran.out.split()) and all(int(one) >= 1 for one in ran.out.split())


def policies_enforced(ran: Ran) -> bool:
    """Say whether the network enforces what the policies say."""
    return str(document(ran).get("network_policies", "")).startswith("enforced by")


def checks() -> list[Check]:
    """Return the list, in the order it is run."""
    pods = ("get", "pods", "-l", "app.kubernetes.io/name=normalize")
    index = "jsonpath={.items[*].metadata.labels.apps\\.kubernetes\\.io/pod-index}"
    up = (*LF, "up", "--target", "minikube", "--cni", "calico", "--json")
    return [
        Check("a cluster starts, the image is built in it, a client sees data", up, ended_well),
        Check("a second start changes nothing", up, changed_nothing),
        Check("a pod that runs as root is refused",
              (*KUBECTL, "run", "root", "--image=ledgerflux", "--dry-run=server",
               f"--overrides={AS_ROOT}"), refused_by_pod_security),
        Check("every claim has a volume",
              (*KUBECTL, "get", "pvc", "-o", "jsonpath={.items[*].status.phase}"), all_bound),
        Check("the normalizers are numbered", (*KUBECTL, *pods, "-o", index), in_order),
        Check("every disruption budget lets one pod go",
              (*KUBECTL, "get", "pdb", "-o", "jsonpath={.items[*].status.disruptionsAllowed}"),
              evictions_allowed),
        Check("network policies are enforced",
              (*LF, "status", "--target", "minikube", "--json"), policies_enforced),
        Check("normalizers are replaced one by one, probes and preStop included",
              (*KUBECTL, "rollout", "restart", "statefulset/normalize"), ended_well),
        Check("and a strict client misses nothing meanwhile",
              (*LF, "sub", "--strict", "--duration", "60s"), ended_well),
        Check("the rollout ends",
              (*KUBECTL, "rollout", "status", "statefulset/normalize", "--timeout=180s"),
              ended_well),
        Check("p95 of 100 clients is below 100 ms",
              (*LF, "loadtest", "--clients", "100", "--duration", "30s", "--slo", "p95=100ms",
               "--no-live"), ended_well),
        Check("Grafana and Prometheus have an address",
              (*LF, "open", "grafana", "--print"), ended_well),
        Check("down keeps claims", (*LF, "down", "--target", "minikube"), ended_well),
        Check("and up goes on with them", up, ended_well),
    ]  # fmt: skip


def run(argv: Sequence[str]) -> Ran:
    """Run a command of the list."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    except FileNotFoundError as error:
        return Ran(127, "", str(error))
    except subprocess.TimeoutExpired:
        return Ran(124, "", f"did not end within {PATIENCE_S} s")
    return Ran(done.returncode, done.stdout, done.stderr)


def judge(check: Check, ran: Ran, seconds: float) -> Verdict:
    """Return whether a check held, and the last line that tells why."""
    lines = (ran.out + ran.err).strip().splitlines()
    return Verdict(check, check.holds(ran), seconds, lines[-1][:200] if lines else "")


def report(verdicts: Sequence[Verdict], machine: str, when: str) -> str:
    """Return the report as a page."""
    held = sum(one.held for one in verdicts)
    rows = "".join(
        f"| {one.check.claim} | {'yes' if one.held else '**no**'} | {one.seconds:.0f} "
        f"| `{one.last.replace('|', ' ').replace('`', ' ')}` |\n"
        for one in verdicts
    )
    return (
        f"# A real cluster, {when}\n\n{machine}. {held} of {len(verdicts)} checks held.\n\n"
        f"| claim | held | seconds | last line |\n| --- | --- | --- | --- |\n{rows}"
    )


def machine() -> str:
    """Return what the report says of this machine."""
    version = run(("minikube", "version", "--short")).out.strip() or "no minikube"
    return f"minikube {version}, {platform.system()} {platform.machine()}"


def main() -> int:
    """Run all checks, write the report; return how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true", help="delete the cluster at the end")
    clean = parser.parse_args().clean
    verdicts = []
    for check in checks():
        began = time.monotonic()
        verdicts.append(judge(check, run(check.argv), time.monotonic() - began))
        sys.stdout.write(f"{'yes' if verdicts[-1].held else 'NO '} {check.claim}\n")
        sys.stdout.flush()
    if clean:
        run((*LF, "down", "--target", "minikube", "--cluster", "--yes"))
    now = datetime.now(UTC)
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / f"{now:%Y-%m-%d-%H%M}.md"
    path.write_text(report(verdicts, machine(), f"{now:%Y-%m-%d %H:%M} UTC"))
    sys.stdout.write(f"wrote {path}\n")
    return 0 if all(one.held for one in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
