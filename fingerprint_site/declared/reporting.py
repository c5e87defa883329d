"""The settings of logs and mail."""

from fingerprint_site.declared.setting import Section, Setting

SECTIONS = (
    Section(
        "Logs",
        (
            Setting(
                "LOG_TO",
                "str",
                "`files`: each process of `run_site` has a file in `DATA_DIR/logs`, other processes write to "
                "standard error; `stdout`: all write to standard output ([operating.md](operating.md#logs))",
                default="files",
            ),
            Setting(
                "LOG_FILE_MB",
                "float",
                "megabytes at which a log file is rotated",
                default=10.0,
                least=0.01,
                most=10_000,
            ),
            Setting(
                "LOG_FILES_KEPT",
                "int",
                "rotated files kept beside each log file",
                default=4,
                least=1,
                most=1_000,
            ),
            Setting(
                "LOG_FILE",
                "str",
                "log file of one process; `run_site` sets it",
                default="",
                shown="none",
            ),
            Setting(
                "LOG_LEVEL",
                "str",
                "least level of the log lines; those of the audit trail are always written",
                default="INFO",
            ),
        ),
    ),
    Section(
        "Mail",
        (
            Setting(
                "EMAIL_URL",
                "email_url",
                "mail server: `smtp://user:password@host:25`, `smtp+tls://` or `smtp+ssl://`, the password "
                "percent-encoded",
                default="smtp://127.0.0.1:25",
            ),
            Setting(
                "EMAIL_FROM",
                "str",
                "the sender",
                default="fingerprint@localhost",
            ),
        ),
    ),
)
