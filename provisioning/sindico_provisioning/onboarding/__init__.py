"""Acompanhamento da implantação: per table, what came of the ERP's data, and who signed it off."""
