"""Telling staff by other ways than a text."""
