"""What every release brings into line: the schema, the catalogues, every tenant's defaults."""
