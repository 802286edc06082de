"""What follows once the CRM has the ERP's data: analysing, updating, categorising, retiring."""
