"""The process: the PBXs that run in it, their worker, their lifetimes."""
