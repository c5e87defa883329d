"""The settings of the API."""

from fingerprint_site.declared.setting import Section, Setting

SECTIONS = (
    Section(
        "API",
        (
            Setting(
                "RATE_LIMIT_FREE",
                "int",
                "calls a minute of the free tier",
                default=10,
                least=1,
                most=1_000_000,
            ),
            Setting(
                "RATE_LIMIT_PAID",
                "int",
                "calls a minute of the paid tier",
                default=100,
                least=1,
                most=1_000_000,
            ),
            Setting(
                "BATCH_MAX_TRACKS",
                "int",
                "tracks of one call that asks for many checks or adds",
                default=100,
                least=1,
                most=1_000,
            ),
            Setting(
                "IDEMPOTENCY_HOURS",
                "float",
                "how long the answer to a call with an `Idempotency-Key` is kept for calls that repeat it",
                default=24.0,
                least=1,
                most=720,
            ),
            Setting(
                "EVENT_WAITERS",
                "int",
                "clients of `/api/v1/events` that each web process lets wait at once, without a thread",
                default=500,
                least=0,
                most=900,
            ),
            Setting(
                "EVENT_WAITERS_PER_ACCOUNT",
                "int",
                "waiting clients of one account, so that none takes all places",
                default=100,
                least=0,
                most=900,
            ),
        ),
    ),
)
