"""The integrations of a tenant: what brings its ERP's data in."""
