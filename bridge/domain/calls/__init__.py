"""A call as plain values: events of any PBX in, verdicts out."""
