"""Which views become which tables."""
