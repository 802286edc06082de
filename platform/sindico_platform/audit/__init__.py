"""Who did what, when, to which record: append-only, tamper-evident."""
