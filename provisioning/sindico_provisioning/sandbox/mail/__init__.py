"""A mail server to try things on, and a page that shows what arrived."""
