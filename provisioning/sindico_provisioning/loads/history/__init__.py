"""What runs were like: counts, durations, and which were out of the ordinary."""
