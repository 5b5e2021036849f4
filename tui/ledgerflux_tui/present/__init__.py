"""What panels show, as pure functions: plain values in, lines out; no terminal, no clock."""
