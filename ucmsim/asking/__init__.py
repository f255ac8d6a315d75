"""What is asked of the control plane, read from bodies and queries, and its schemas."""
