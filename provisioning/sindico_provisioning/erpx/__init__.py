"""The ERPX side door: its module screen sets CRM to active, and the deployment begins."""
