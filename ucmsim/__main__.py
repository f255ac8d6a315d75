"""`python -m ucmsim` is the `ucmsim` command."""

from ucmsim.cli import main

main()
