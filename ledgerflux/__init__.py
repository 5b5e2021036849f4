"""LedgerFlux: exact, gap-checked market data. Right, or loudly not."""

__version__ = "0.1.0"
