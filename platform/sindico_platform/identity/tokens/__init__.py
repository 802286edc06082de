"""Access tokens and rotating refresh tokens."""
