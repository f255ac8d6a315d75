"""One simulated appliance: what it decides when somebody connects, shakes hands, or asks."""
