"""What a tenant bought: packages, their features and limits, and the tenant's subscription."""
