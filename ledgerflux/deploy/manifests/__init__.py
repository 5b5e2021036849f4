"""Rendered manifests, checked before a cluster sees them: what no schema says.

All of it is pure: parsed objects in, findings out.
"""

from ledgerflux.deploy.manifests.budget import NODE_2_4, NODE_4_8, Budget
from ledgerflux.deploy.manifests.checking import check
from ledgerflux.deploy.manifests.finding import Finding

__all__ = ["NODE_2_4", "NODE_4_8", "Budget", "Finding", "check"]
