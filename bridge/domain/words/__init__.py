"""What customers say: triage, opt-out, addresses; and what we may say: honesty."""
