"""The customer's own companies and their branches."""
