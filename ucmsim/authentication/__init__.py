"""Digest, and Basic where a quirk has it, as Asterisk's HTTP manager does them. Pure."""
