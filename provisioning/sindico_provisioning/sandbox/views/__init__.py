"""A made-up ERP's database with views to pull from."""
