"""One line for each attempt to deliver a message to a webhook."""
