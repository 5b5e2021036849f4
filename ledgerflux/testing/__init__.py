"""In-memory twins of the ports, for tests of any program that uses them."""
