"""Storing a page of an ERP table, and bringing a batch of the staging into the CRM."""
