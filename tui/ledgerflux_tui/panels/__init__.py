"""Widgets of the dashboard: each pulls what it shows, line by line."""
