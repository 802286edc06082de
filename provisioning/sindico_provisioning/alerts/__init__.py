"""What must leave even when no worker lives: alert mails and webhooks, sent by the clock itself."""
