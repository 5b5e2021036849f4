"""Where what the screens show comes from."""
