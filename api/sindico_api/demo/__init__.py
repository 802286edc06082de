"""The demonstration: three example tenants, a sandbox ERP, and one initial load to watch."""
