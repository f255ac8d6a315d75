"""Puts a PBX together from its settings and its folder, and another one in its place. Still no Twisted."""
