"""A text as plain values: the decision to send one, its words, its parts (concatenated SMS)."""
