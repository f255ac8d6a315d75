"""The subcommands of `ucmsim`, a module or a package each, and what they have in common."""
