"""Rows that the ERP has and nobody took: from when they were refused until they came right."""
