"""Passwords: hashed off the event loop, and chosen well."""
