"""Mega ERP: its REST interface, as far as public sources and our proposals know it.

`settings.py` reads a tenant's service properties, `session.py` signs in (once, never in a loop),
`windows.py` walks date windows, `wire.py` turns Mega's rows into ours, and `connector.py` puts them
together as a `Connector`. Routes that no public source confirms are settings with a proposed
default (`schemas.py`), so that a site can correct them without a release.
"""
