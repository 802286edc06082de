"""Counts requests per minute: in Redis for all processes, in this one when Redis is gone."""
