"""The register of tenants: creating them, and their life until they are closed."""
