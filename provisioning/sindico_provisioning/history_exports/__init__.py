"""The history as one Excel file: what integrations sent in a period, and what became of each row.

A small one is written while it is sent; a large one by a job, kept for some days.
"""
