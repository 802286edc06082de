"""Background work: one row per job, claimed with a lease, recorded with its outcome."""
