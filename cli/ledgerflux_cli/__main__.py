"""`python -m ledgerflux_cli`: the same as `lf`."""

from ledgerflux_cli.app import main

main()
