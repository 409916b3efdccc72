"""What an operator sees of the daemon: health, logs, metrics (Prometheus), systemd, sockets."""
