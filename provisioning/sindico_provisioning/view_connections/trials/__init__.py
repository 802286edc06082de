"""Tests of View connections."""
