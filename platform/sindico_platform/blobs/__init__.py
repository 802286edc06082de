"""Bytes that pass between processes: a row per blob, the bytes in a folder or in S3."""
