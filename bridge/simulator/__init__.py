"""A small PBX and a small SMSC over TCP, for `textback demo` and the tests."""
