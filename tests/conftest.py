"""Fixtures live in plugin files beside this one."""

pytest_plugins = ["buses", "skips", "stacks", "stores"]
