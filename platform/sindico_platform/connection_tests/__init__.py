"""Connection tests: production's own way to a server, walked stage by stage and reported."""
