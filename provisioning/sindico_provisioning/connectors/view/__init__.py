"""Database views of a customer, read through SQLAlchemy in pages by key and read-only transactions.

`session.py` connects (guarded, the checked address pinned) and runs work in a transaction;
`drivers/` knows what each database's driver needs and what its errors mean; `reflection.py` finds
views and columns; `statements.py` and `keyset.py` say which rows a page is made of, `values.py`
turns the database's values into ours, and `connector.py` puts them together as a `Connector`.

A reading of everything goes by the view's key. A reading of what changed goes by (watermark, key)
and begins an overlap before the highest watermark that the last load reached, because a row may be
committed later than its watermark says.
"""
