"""Rows that loads rejected: settled when nobody has to mend them, forgotten when they are old."""
