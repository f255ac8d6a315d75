"""The device's HTTP as values and functions: requests read, replies, heads, error pages. Pure."""
