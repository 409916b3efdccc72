"""Digest and figures as plain values."""
