"""Records brought in from a spreadsheet: read, checked, shown, written, and taken back."""
