"""Typed properties of a tenant's services, such as the address and login of its ERP."""
