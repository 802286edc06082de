"""Which loads read everything of a table, and which only what had changed."""
