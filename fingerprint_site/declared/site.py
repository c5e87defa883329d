"""The settings of the site: where it is, what it stores, how it is reached."""

from fingerprint_site.declared.setting import Section, Setting

SECTIONS = (
    Section(
        "Where things are",
        (
            Setting(
                "DATA_DIR",
                "str",
                "database, uploaded audio, index files, logs, first keys; relative paths are below the project",
                default="var",
            ),
            Setting(
                "HOST",
                "str",
                "address to listen on; `0.0.0.0` for every interface",
                default="127.0.0.1",
            ),
            Setting(
                "PORT",
                "int",
                "port to listen on",
                default=8_000,
                least=1,
                most=65_535,
            ),
            Setting(
                "PUBLIC_URL",
                "str",
                "address by which others reach the site; used in links and by the demo",
                shown="`http://HOST:PORT`",
            ),
            Setting(
                "DEMO",
                "bool",
                "start a new deployment with a demo account, an API key and recordings; "
                "`run_site --no-demo` leaves them out",
                default=True,
            ),
            Setting(
                "DATABASE_URL",
                "db_url",
                "`postgres://user:password@host:5432/name` for PostgreSQL, needed for several hosts; connections "
                "have `jit=off` unless it ends with `?options=-c%20jit%3Don`",
                shown="SQLite in `DATA_DIR`",
            ),
            Setting(
                "DATABASE_STATEMENT_SECONDS",
                "int",
                "how long a statement of a web process may take on PostgreSQL, which stops it then "
                "([operating.md](operating.md#database))",
                default=30,
                least=1,
                most=3_600,
            ),
            Setting(
                "TIME_ZONE",
                "str",
                "time zone of `completed_at` in callbacks and of the pages",
                default="UTC",
            ),
        ),
    ),
    Section(
        "Uploaded files",
        (
            Setting(
                "AUDIO_STORAGE",
                "str",
                "`s3://bucket` or `s3://bucket/prefix`; needs `pip install -r requirements-s3.txt`",
                default="",
                shown="a folder, `DATA_DIR/audio`",
            ),
            Setting(
                "S3_ENDPOINT_URL",
                "str",
                "the store's address, such as `https://minio.example.org:9000`",
                default="",
                shown="Amazon's",
            ),
            Setting(
                "S3_PUBLIC_URL",
                "str",
                "the store's address as clients reach it",
                default="",
                shown="`S3_ENDPOINT_URL`",
            ),
            Setting(
                "S3_REGION",
                "str",
                "the bucket's region",
                default="",
                shown="as boto3 finds it",
            ),
            Setting(
                "S3_ACCESS_KEY_ID",
                "str",
                "id of the key; without it boto3 uses its own variables and files, or the machine's role",
                default="",
                shown="as boto3 finds them",
            ),
            Setting(
                "S3_SECRET_ACCESS_KEY",
                "str",
                "secret of the key",
                default="",
                shown="as boto3 finds them",
            ),
            Setting(
                "S3_TIMEOUT_SECONDS",
                "float",
                "longest silence of the store; a request is sent three times at most",
                default=30.0,
                least=1,
                most=600,
            ),
        ),
    ),
    Section(
        "Security",
        (
            Setting(
                "SECRET_KEY",
                "str",
                "signs sessions and queue entries; a new one discards what is queued",
                default="",
                shown="made once, in `DATA_DIR/secret_key`",
            ),
            Setting(
                "SECRETS_KEY",
                "str",
                "encrypts webhook secrets at rest; losing it loses them",
                default="",
                shown="made once, in `DATA_DIR/secrets_key`",
            ),
            Setting(
                "ALLOWED_HOSTS",
                "list",
                "host names that the site answers; every name if `HOST` is every interface and neither this "
                "nor `PUBLIC_URL` is set",
                shown="loopback and the host of `PUBLIC_URL`",
            ),
            Setting(
                "CSRF_TRUSTED_ORIGINS",
                "list",
                "origins behind a proxy, such as `https://music.example.org`",
                default=[],
                shown="none",
            ),
            Setting(
                "HTTPS",
                "bool",
                "secure cookies and HSTS; set it behind a TLS proxy",
                default=False,
            ),
            Setting(
                "TRUST_PROXY",
                "bool",
                "believe `X-Forwarded-Proto` and the last entry of `X-Forwarded-For`; only behind a proxy "
                "that sets both. With `HTTPS`, plain http is redirected",
                default=False,
            ),
            Setting(
                "HSTS_SECONDS",
                "int",
                "how long browsers use only https for this host",
                shown="a year with `HTTPS`, else `0`",
            ),
            Setting(
                "HSTS_SUBDOMAINS",
                "bool",
                "apply HSTS to subdomains too",
                shown="as `HTTPS`",
            ),
            Setting(
                "SESSION_HOURS",
                "int",
                "how long a login lasts",
                default=72,
                least=1,
                most=8_760,
            ),
            Setting(
                "LOGIN_FAILURES",
                "int",
                "failed logins of an account, or from an address, until it is locked",
                default=10,
                least=1,
                most=1_000,
            ),
            Setting(
                "LOGIN_LOCK_MINUTES",
                "int",
                "how long the lock lasts; `manage.py axes_reset` unlocks at once",
                default=15,
                least=1,
                most=10_080,
            ),
            Setting(
                "DEBUG",
                "bool",
                "Django's debug pages; never on a site that others reach",
                default=False,
            ),
        ),
    ),
)
