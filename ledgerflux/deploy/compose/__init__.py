"""The stack on a Docker Engine, as `compose/` describes it."""
