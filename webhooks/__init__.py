"""Signed callbacks, out and in. Payloads are plain dicts: this app knows neither tracks nor jobs."""
