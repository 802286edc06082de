"""How long an integration may go without success, and who is told when it took longer."""
