"""The office as plain values: lines, hours, templates."""
