"""What a load says about itself, line by line."""
