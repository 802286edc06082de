"""One-time links: invitations and password resets."""
