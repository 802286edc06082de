"""What belongs to a company or branch, and so keeps it from being deleted."""
