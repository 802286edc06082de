"""From a presented credential to an actor, in one statement."""
