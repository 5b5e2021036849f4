"""Real servers out of wheels: nats-server and Postgres as child processes."""
