"""The ABC curve: which customers make most of the revenue."""
