"""What a customer owns and configures."""
