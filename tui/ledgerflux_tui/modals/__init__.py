"""What opens above a view and closes again: help, palette, questions."""
