"""Measures ucmsim beside nginx and bare Twisted, in one run on one machine: `make bench`. See README.md."""
