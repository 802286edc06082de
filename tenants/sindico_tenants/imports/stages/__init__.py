"""What the jobs of an import write, step by step, each step in one transaction."""
