"""The `textback` command: one module per group of verbs."""
