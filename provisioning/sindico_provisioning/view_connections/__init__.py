"""View integrations: how a customer's database is reached, and which views become which tables."""
