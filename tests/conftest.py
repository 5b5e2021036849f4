"""Fixtures live in plugin files beside this one."""

pytest_plugins = ["buses", "properties", "skips", "stacks", "stores", "tmux", "tui_snapshots"]
