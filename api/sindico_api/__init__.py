"""The ways in: HTTP API, console, worker and command line."""
