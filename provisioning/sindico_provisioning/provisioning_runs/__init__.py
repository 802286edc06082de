"""Provisioning: the run, its steps, and the defaults every tenant must have."""
