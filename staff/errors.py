"""Refusals that staff pages tell."""


class RefusedError(Exception):
    """What was asked is not done; the text says why, for the person who asked."""
