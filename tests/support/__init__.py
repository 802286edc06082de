"""Factories and callers that the tests share."""
