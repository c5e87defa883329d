"""Copies of the whole deployment: made beside a running site, put back into an empty one."""
