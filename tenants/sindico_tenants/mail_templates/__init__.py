"""Mails that go through customers' own servers, in both languages, as text and HTML."""
