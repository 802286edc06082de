"""General settings of a tenant's CRM and its sales funnel of six stages."""
