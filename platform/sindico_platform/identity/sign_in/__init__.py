"""Proving a password, without telling who exists and without shutting the owner out."""
