"""The notice that a file has waited too long for the customer's server."""
