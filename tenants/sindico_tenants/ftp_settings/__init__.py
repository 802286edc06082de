"""File servers of the customer, for the tenant, a company or a branch (R-075 to R-090)."""
