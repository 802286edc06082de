"""Figures, each beside its yardstick, measured in one run on one machine."""
