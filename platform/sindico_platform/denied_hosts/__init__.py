"""Mail and file servers that no customer may use: the provider's own, listed by its operators."""
