"""What the ERP says now of a company or branch, read from the staging and never copied."""
