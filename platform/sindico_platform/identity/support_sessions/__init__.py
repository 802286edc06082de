"""Support sessions: staff act as a tenant's support user, for a reason and a while."""
