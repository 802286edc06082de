"""Engines, the unit of work and the tenant binding."""
