"""ERPX: the entities of Senior's platform, as far as public sources and our proposals know them.

`settings.py` reads a tenant's service properties, `session.py` signs in as an application or as a
user, `paging.py` walks an entity by its ids or by page numbers, `wire.py` turns its rows into ours,
and `connector.py` puts them together as a `Connector`. What no public source confirms is a setting
with a proposed default (`schemas.py`), so that a site can correct it without a release.
"""
