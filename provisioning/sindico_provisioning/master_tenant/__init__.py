"""The vendor's own tenant, from which all others are made."""
