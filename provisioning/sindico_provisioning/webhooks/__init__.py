"""Where a tenant's own systems are told what happens: signed posts, after Standard Webhooks."""
