"""One file per process; each knows ports, never vendors."""
