"""The roles and users that every tenant starts with."""
