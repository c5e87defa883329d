"""Signed callbacks, sent and received. Payloads are plain dicts: this app knows neither tracks nor jobs."""
