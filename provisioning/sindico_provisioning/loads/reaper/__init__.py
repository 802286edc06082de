"""Ends loads that nobody carries on with."""
