"""HTTP API, version 1: one controller module per domain."""
