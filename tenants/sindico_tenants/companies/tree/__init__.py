"""Companies with their branches, page by page."""
