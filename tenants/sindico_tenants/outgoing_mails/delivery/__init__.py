"""Carrying mails: one run at a time per tenant, several connections per server.

`lanes` sees that a run comes, `store` claims mails and records what became of them, `courier` walks
the servers with no transaction open.
"""
