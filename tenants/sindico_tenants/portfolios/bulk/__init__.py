"""Many accounts placed by hand at once."""
