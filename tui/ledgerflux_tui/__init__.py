"""What the screens show, as pure functions from state to lines."""
