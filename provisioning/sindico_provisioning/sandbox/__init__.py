"""Sandbox ERPs: stand-ins that speak an ERP's wire format over HTTPS, data and faults included.

They are part of the product, for demonstrations, for trying a configuration out and for our own
tests. All data are made up and deterministic by scale and seed; answers are rendered once, kept on
disk and served as bytes.
"""
