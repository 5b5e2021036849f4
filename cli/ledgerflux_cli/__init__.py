"""The `lf` command line: parse, build settings, call one function, render."""
