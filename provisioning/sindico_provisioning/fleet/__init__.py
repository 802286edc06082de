"""Every integration of every tenant, as the vendor watches over them: figures, never a record."""
