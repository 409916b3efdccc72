"""Asterisk snippets for PBX administrators; this package holds files, no code."""
