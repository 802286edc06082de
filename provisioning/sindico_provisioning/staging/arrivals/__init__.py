"""Which pushes no run has brought into the CRM yet. By rows, since clocks may be set back."""
