"""Rows that the staging does not keep: documents older than two years, and paid bills."""
