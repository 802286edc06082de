"""Categories and portfolios, and which account stands in which."""
