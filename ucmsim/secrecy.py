"""What is told in the place of a secret: of settings, in the journal, in a report. Standard library only."""

HIDDEN = "***"
