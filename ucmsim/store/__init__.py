"""What one PBX keeps in its SQLite file: rows, recordings, the truth of calls, what was delivered."""
