"""Mail servers of the customer, for the tenant, a company or a branch (R-050 to R-070)."""
