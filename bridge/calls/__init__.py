"""Use cases of calls: what follows from a call that ended, heard live or found again in the records (CDR)."""
