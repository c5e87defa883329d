"""The settings of callbacks."""

from fingerprint_site.declared.setting import Section, Setting

SECTIONS = (
    Section(
        "Callbacks",
        (
            Setting(
                "WEBHOOK_TIMEOUT_SECONDS",
                "float",
                "longest time of one attempt",
                default=15.0,
                least=0.1,
                most=45,
            ),
            Setting(
                "WEBHOOK_SCHEDULE_SECONDS",
                "integers",
                "seconds from the first attempt to each attempt",
                default=[0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400],
            ),
            Setting(
                "WEBHOOK_QUEUE_TRUST_SECONDS",
                "int",
                "time after which a callback that the queue has not sent is queued again",
                default=300,
                least=1,
                most=86_400,
            ),
            Setting(
                "WEBHOOK_DISABLE_AFTER_DAYS",
                "int",
                "days of failures without a success that disable a URL",
                default=5,
                least=1,
                most=3_650,
            ),
            Setting(
                "WEBHOOK_ATTEMPT_RETENTION_DAYS",
                "int",
                "how long attempts are kept",
                default=90,
                least=1,
                most=36_500,
            ),
            Setting(
                "WEBHOOK_RECEIVED_RETENTION_DAYS",
                "int",
                "how long received callbacks are kept after they came last",
                default=365,
                least=1,
                most=36_500,
            ),
            Setting(
                "WEBHOOK_ALLOWED_PRIVATE_HOSTS",
                "list",
                "`host:port` pairs on private addresses that callbacks may go to",
                shown="`127.0.0.1:PORT`, `HOST:PORT`",
            ),
            Setting(
                "WEBHOOK_TOLERANCE_SECONDS",
                "int",
                "how far a signature's time may be from now",
                default=300,
                least=1,
                most=86_400,
            ),
            Setting(
                "WEBHOOK_MAX_BODY_KB",
                "int",
                "largest body that the incoming endpoint reads",
                default=256,
                least=1,
                most=1_000_000,
            ),
            Setting(
                "WEBHOOK_REFUSED_KEPT",
                "int",
                "refused calls that are kept for staff to see",
                default=1_000,
                least=1,
                most=10_000_000,
            ),
        ),
    ),
)
