"""Real mail and file servers from Debian's packages, on loopback, one per test session."""
