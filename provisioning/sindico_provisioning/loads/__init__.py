"""Loads: an ERP's data, page by page, into the staging and on into the CRM."""
