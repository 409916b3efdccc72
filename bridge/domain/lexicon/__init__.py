"""The words of triage, honesty and opt-out, as TOML per language: data, not code."""
