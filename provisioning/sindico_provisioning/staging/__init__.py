"""The intermediate database: one table per ERP table, as the ERP last told it."""
