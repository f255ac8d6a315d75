"""Keys and certificates: the authority of a PBX, the user's own files, the gallery of defects, scripted handshakes."""
