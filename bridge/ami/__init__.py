"""Asterisk Manager Interface: bytes to neutral events, and the few actions we take."""
