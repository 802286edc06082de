"""Comparing what was staged with its source: counts, checksums, and which keys differ."""
