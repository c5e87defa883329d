"""Refusals that staff pages show."""


class RefusedError(Exception):
    """What the person asked is not done; the message says why."""
