"""The running daemon: the composition root, its health, its timed jobs."""
