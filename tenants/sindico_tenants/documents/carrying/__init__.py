"""Carrying files to the customer's servers, back, and off them."""
