"""Sockets and TLS: what carries bytes between a peer and the PBX, and how it ends."""
