"""Pushes: an ERP sends rows of its tables to us.

One request is one transaction: what is right in it lands at once and together with its answer and
its place in the exchange ledger, so a request that died has left nothing and may be sent again.
"""
