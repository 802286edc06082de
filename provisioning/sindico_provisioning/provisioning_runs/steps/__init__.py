"""The steps of a provisioning: which are expected, and how each is taken."""
