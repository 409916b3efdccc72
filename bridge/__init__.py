"""The daemon: missed calls in, text messages out, callbacks queued."""
