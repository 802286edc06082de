"""Times in which an integration was late, and who hears of them."""
