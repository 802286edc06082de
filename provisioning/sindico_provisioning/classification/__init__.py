"""Classifying outside a load, and telling people what changed."""
