"""Rows that the staging does not keep: old documents, paid bills, settled rejections."""
