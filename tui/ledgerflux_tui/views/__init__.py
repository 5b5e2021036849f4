"""The views of the dashboard, and the one table that names them."""
