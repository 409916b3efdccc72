"""The callback queue as plain values, and its words on a desk phone."""
