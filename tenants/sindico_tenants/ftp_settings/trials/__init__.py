"""Tests of file servers."""
