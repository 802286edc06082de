"""What the platform tells a tenant's people."""
