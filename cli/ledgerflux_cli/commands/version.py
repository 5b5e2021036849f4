"""`lf version`."""

from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson
from ledgerflux_cli.versions import show_versions


@examples("lf version", "lf version --json")
def version(as_json: AsJson = False) -> None:
    """Print the version of LedgerFlux and of what it runs on."""
    show_versions(as_json=as_json)
