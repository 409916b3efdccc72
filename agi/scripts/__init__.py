"""One file for each thing that a phone can do. Each ends where nobody is left to talk to."""
