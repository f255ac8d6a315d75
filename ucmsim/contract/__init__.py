"""What the control plane and its clients agree on: what can be asked, what is answered, what can go wrong. Standard library only."""
