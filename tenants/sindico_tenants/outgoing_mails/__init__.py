"""Mails on their way through customers' own servers: the queue, the log, and who carries them.

`service.queue_mail` writes a mail in the caller's transaction; `delivery` sends what is due, server
by server. What is guaranteed, and what not, stands in docs/mail.md.
"""
