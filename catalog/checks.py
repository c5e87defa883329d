"""System checks: a wrong setting is said at start, not found at night."""
