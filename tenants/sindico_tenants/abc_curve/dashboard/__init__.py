"""The curve as a whole, in figures fit for charts."""
