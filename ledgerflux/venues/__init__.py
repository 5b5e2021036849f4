"""How exchanges speak: one file per dialect, no sockets."""
