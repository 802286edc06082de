"""Programs of a tenant, which come in with client credentials."""
