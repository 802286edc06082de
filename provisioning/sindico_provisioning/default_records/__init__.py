"""The records every tenant must have: declared, checked, and repaired when they are not right."""
