"""Removing a View integration."""
