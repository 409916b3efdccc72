"""What `textback doctor` looks at: the machine, the links, the scripts (AGI), the records (CDR)."""
