"""Use cases of urgent work: who is told, escalation to the next person, what staff text back."""
