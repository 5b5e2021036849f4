"""The composition root: settings in, adapters and roles together; nothing below knows it."""
