"""What kubectl's complaints mean."""

import re

from ledgerflux.deploy.minikube.wish import FIELD_MANAGER
from ledgerflux.errors import Conflict, LedgerFluxError, MissingDependency, NotRunning, StackError

_GONE = re.compile(
    r"unable to connect to the server|connection refused|was refused|\bEOF\b|connection reset"
    r"|TLS handshake timeout|i/o timeout|currently unable to handle the request|ServiceUnavailable"
    r"|http2: client connection lost|context deadline exceeded",
    re.IGNORECASE,
)
_NO_CONTEXT = re.compile(r'context "[^"]*" does not exist|context was not found')
_CONFLICT = re.compile(r'conflicts? with "([^"]+)"[^:]*: *(\.\S+)?', re.DOTALL)

_TAKE_OVER = (
    "lf render --target minikube | kubectl --context {context} apply --server-side "
    f"--field-manager={FIELD_MANAGER} --force-conflicts -f -"
)


def refusal(words: str, *, context: str) -> LedgerFluxError:
    """Return what kubectl's standard error `words` tell, as one of our errors."""
    told = _short(words)
    if _GONE.search(words):
        return NotRunning(
            f"the cluster of {context} does not answer: {told}",
            code="cluster_unreachable",
            try_next=["lf doctor --target minikube", "lf up --target minikube"],
        )
    if _NO_CONTEXT.search(words):
        return NotRunning(
            f"there is no cluster {context}: {told}",
            code="cluster_unreachable",
            try_next=["lf up --target minikube"],
        )
    if "exceeded quota" in words:
        return StackError(
            f"a quota of the namespace refuses it: {told}",
            code="apply_refused",
            try_next=[f"kubectl --context {context} -n ledgerflux describe quota"],
        )
    if "Apply failed with" in words:
        return _conflict(words, context)
    if "forbidden" in words.lower() or "Unauthorized" in words:
        return MissingDependency(
            f"this user may not do that in {context}: {told}",
            code="permission_denied",
            try_next=[f"kubectl --context {context} auth can-i --list -n ledgerflux"],
        )
    return StackError(
        f"the cluster refused it: {told}",
        code="apply_refused",
        try_next=["lf render --target minikube"],
    )


def _conflict(words: str, context: str) -> LedgerFluxError:
    match = _CONFLICT.search(words)
    who, field = (match[1], match[2] or "a field") if match else ("somebody else", "a field")
    return Conflict(
        f"{who} has set {field} of an object of ours: it is not overwritten",
        code="field_conflict",
        try_next=[_TAKE_OVER.format(context=context)],
    )


def is_gone(words: str) -> bool:
    """Say whether trying again may help: the connection was lost, nothing was refused."""
    return _GONE.search(words) is not None


def _short(words: str) -> str:
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ").removeprefix("Error from server ") if lines else ""
