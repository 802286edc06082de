"""Cursor pages: a list ends at a bound and continues where it stopped."""
