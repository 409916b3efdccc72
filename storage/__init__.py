"""SQLite: the schema and every query, by name."""
