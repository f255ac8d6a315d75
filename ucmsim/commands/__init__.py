"""The commands beside `ucmsim check`, a module each."""
