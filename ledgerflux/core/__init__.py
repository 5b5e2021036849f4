"""How it behaves: state machines without I/O; time is an argument."""
