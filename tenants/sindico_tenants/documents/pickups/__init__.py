"""Files that the customer's server fetches itself."""
