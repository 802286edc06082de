"""Sealed values brought under the newest key of the ring."""
