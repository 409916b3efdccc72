"""On-call duty and escalation as plain values."""
