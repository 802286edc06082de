"""What the vendor does to a tenant, and the pumps that bring ERP data in."""
