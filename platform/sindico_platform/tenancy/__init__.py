"""The tenant itself: its name, domain and state. What it bought and owns stands elsewhere."""
