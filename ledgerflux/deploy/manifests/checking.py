"""All rules over all objects."""

from ledgerflux.deploy.manifests import (
    budget,
    disruption,
    flows,
    identity,
    pod_security,
    quantities,
    references,
    running,
    selecting,
    shards,
    storage,
)
from ledgerflux.deploy.manifests.budget import NODE_4_8, Budget
from ledgerflux.deploy.manifests.finding import Finding
from ledgerflux.deploy.manifests.objects import Object

RULES = (
    identity.findings,
    selecting.findings,
    references.findings,
    running.findings,
    quantities.findings,
    storage.findings,
    shards.findings,
    disruption.findings,
    pod_security.findings,
    flows.findings,
)


def check(objects: list[Object], node: Budget = NODE_4_8) -> list[Finding]:
    """Return all that is wrong with rendered objects that have to fit on `node`; empty: good."""
    found = [finding for rule in RULES for finding in rule(objects)]
    return found + budget.findings(objects, node)
