"""How long an import's preview waits for somebody, and how long its rows are kept."""
