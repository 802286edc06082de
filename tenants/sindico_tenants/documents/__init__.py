"""Documents: files on the customer's own servers, and links to what lies elsewhere."""
