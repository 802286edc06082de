"""Which row of ours is which row of an ERP, and how an ERP's rows become ours."""
