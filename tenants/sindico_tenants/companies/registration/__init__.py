"""What is registered of a company or a branch: its fields, and how each may be filled in."""
