"""Whom the customer deals with: accounts and the people in them."""
