"""Settings, all from the environment or a `.env` file; docs/settings.md and docs/settings-catalog.md explain each."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fingerprint_site.audio_storage import audio_storage
from fingerprint_site.declared import DeclaredEnv
from fingerprint_site.log_settings import logging_to
from fingerprint_site.secrets_file import read_or_create_secret
from queueing.queue_settings import FINGERPRINT_CLUSTER, WEBHOOK_CLUSTER, queue_cluster

BASE_DIR = Path(__file__).resolve().parent.parent
env = DeclaredEnv()
DeclaredEnv.read_env(BASE_DIR / ".env")
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# --- where things are -------------------------------------------------------------------------------------
DATA_DIR = Path(env.declared("DATA_DIR"))
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
HOST = env.declared("HOST")
PORT = env.declared("PORT")
EVERY_INTERFACE = HOST in ("0.0.0.0", "::")  # noqa: S104  (asked for by the operator)
BIND = f"[{HOST}]:{PORT}" if ":" in HOST else f"{HOST}:{PORT}"
DEMO = env.declared("DEMO")
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{f'127.0.0.1:{PORT}' if EVERY_INTERFACE else BIND}").rstrip("/")
AUDIO_DIR = DATA_DIR / "audio"
UPLOAD_DIR = DATA_DIR / "uploads"
RESUMABLE_DIR = DATA_DIR / "resumable"
INDEX_DIR = DATA_DIR / "index"
for folder in (AUDIO_DIR, UPLOAD_DIR, RESUMABLE_DIR, INDEX_DIR):
    folder.mkdir(parents=True, exist_ok=True)

# --- logs -------------------------------------------------------------------------------------------------
LOG_LEVEL = env.declared("LOG_LEVEL").upper()
LOG_TO = env.declared("LOG_TO")
LOG_FILE_MB = env.declared("LOG_FILE_MB")
LOG_FILES_KEPT = env.declared("LOG_FILES_KEPT")
LOG_FILE_BYTES = int(LOG_FILE_MB * 1_000_000)
LOGGING = logging_to(
    destination=LOG_TO,
    level=LOG_LEVEL,
    file=env.declared("LOG_FILE"),  # the supervisor's word to its processes
    most_bytes=LOG_FILE_BYTES,
    kept=LOG_FILES_KEPT,
)

# --- security ---------------------------------------------------------------------------------------------
DEBUG = env.declared("DEBUG")
SECRET_KEY = env.declared("SECRET_KEY") or read_or_create_secret(DATA_DIR / "secret_key")
# Webhook secrets are encrypted under this key; losing it loses them, so it is apart from SECRET_KEY.
SECRETS_KEY = env.declared("SECRETS_KEY") or read_or_create_secret(DATA_DIR / "secrets_key")
_public_host = urlsplit(PUBLIC_URL).netloc.rsplit(":", 1)[0] or HOST
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", _public_host])
if EVERY_INTERFACE and not env.list("ALLOWED_HOSTS", default=[]) and not env.str("PUBLIC_URL", default=""):
    ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = env.declared("CSRF_TRUSTED_ORIGINS")
HTTPS = env.declared("HTTPS")
TRUST_PROXY = env.declared("TRUST_PROXY")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "staff.refused_forms.form_refused"
SESSION_HOURS = env.declared("SESSION_HOURS")
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUST_PROXY else None
SECURE_SSL_REDIRECT = HTTPS and TRUST_PROXY  # only then is it known how a request came
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # load balancers ask from inside
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=HTTPS)
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preloading is asked for by a whole domain's owner, not by one site on it
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LOGIN_FAILURES = env.declared("LOGIN_FAILURES")
LOGIN_LOCK_MINUTES = env.declared("LOGIN_LOCK_MINUTES")
AXES_FAILURE_LIMIT = LOGIN_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=LOGIN_LOCK_MINUTES)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # each counts by itself
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "fingerprint_site/locked.html"
AXES_CLIENT_IP_CALLABLE = "fingerprint_site.client_address.address_of"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- the project ------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "staff.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "axes",
    "queueing",
    "textsearch",
    "staff",
    "webhooks",
    "catalog",
    "fingerprint_site",  # for the commands that run the site
]
MIDDLEWARE = [
    "fingerprint_site.request_log.RequestLogMiddleware",
    "fingerprint_site.machine_answers.MachineAnswersMiddleware",
    "catalog.api.rate_headers.RateLimitHeadersMiddleware",
    "fingerprint_site.chunked_bodies.ChunkedBodyMiddleware",
    "fingerprint_site.client_address.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "fingerprint_site.browser_policy.BrowserPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "staff.audit.requests.AuditMiddleware",
    "axes.middleware.AxesMiddleware",  # last: turns a login that is locked into an answer
]
ROOT_URLCONF = "fingerprint_site.urls"
WSGI_APPLICATION = "fingerprint_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    ["django.template.loaders.filesystem.Loader", "staff.theme.Loader"],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- database ---------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "fingerprint_site.sqlite3_even_waits"
    # WAL and IMMEDIATE: read-then-write transactions of several processes wait instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["ENGINE"] = "fingerprint_site.postgresql_few_trips"
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # PostgreSQL compiles a query (JIT) that it takes for a long one. Those of pages are short, and compiling one takes
    # up to 200 ms. What the address says in `options` comes later, and holds.
    own_options = DATABASES["default"].setdefault("OPTIONS", {})
    own_options["options"] = f"-c jit=off {own_options.get('options', '')}".rstrip()
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASE_STATEMENT_SECONDS = env.declared("DATABASE_STATEMENT_SECONDS")  # of web processes alone: web_statements.py

# --- language, time, static files -------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.declared("TIME_ZONE")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
AUDIO_STORAGE = env.declared("AUDIO_STORAGE")
S3_ENDPOINT_URL = env.declared("S3_ENDPOINT_URL")
S3_PUBLIC_URL = env.declared("S3_PUBLIC_URL")
S3_REGION = env.declared("S3_REGION")
S3_ACCESS_KEY_ID = env.declared("S3_ACCESS_KEY_ID")
S3_SECRET_ACCESS_KEY = env.declared("S3_SECRET_ACCESS_KEY")
S3_TIMEOUT_SECONDS = env.declared("S3_TIMEOUT_SECONDS")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "audio": audio_storage(
        AUDIO_STORAGE,
        endpoint_url=S3_ENDPOINT_URL,
        public_url=S3_PUBLIC_URL,
        region_name=S3_REGION,
        access_key=S3_ACCESS_KEY_ID,
        secret_key=S3_SECRET_ACCESS_KEY,
        timeout_s=S3_TIMEOUT_SECONDS,
    ),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- uploads and analysis ---------------------------------------------------------------------------------
FINGERPRINT_INDEX = env.declared("FINGERPRINT_INDEX")
MILVUS_TIMEOUT_SECONDS = env.declared("MILVUS_TIMEOUT_SECONDS")
FALSE_ACCEPT_LIMIT = env.declared("FALSE_ACCEPT_LIMIT")
WHOLE_SHARE = env.declared("WHOLE_SHARE")
JOINED_SHARE = env.declared("JOINED_SHARE")
MATCHES_KEPT = env.declared("MATCHES_KEPT")
EVIDENCE_LINK_DAYS = env.declared("EVIDENCE_LINK_DAYS")
RULE_LEAST_SCORE = env.declared("RULE_LEAST_SCORE")
NAMING_CPU_SECONDS_PER_MINUTE = env.declared("NAMING_CPU_SECONDS_PER_MINUTE")
FORMATS_BEYOND_CONTRACT = env.declared("FORMATS_BEYOND_CONTRACT")
MAX_UPLOAD_MB = env.declared("MAX_UPLOAD_MB")
ACCOUNT_MAX_TRACKS = env.declared("ACCOUNT_MAX_TRACKS")
ACCOUNT_MAX_MB = env.declared("ACCOUNT_MAX_MB")
MAX_RESUMABLE_MB = env.declared("MAX_RESUMABLE_MB")
UPLOAD_KEPT_HOURS = env.declared("UPLOAD_KEPT_HOURS")
ACCOUNT_MAX_OPEN_UPLOADS = env.declared("ACCOUNT_MAX_OPEN_UPLOADS")
MAX_FINGERPRINT_KB = env.declared("MAX_FINGERPRINT_KB")
ACCOUNT_MAX_UNCONFIRMED_HOURS = env.declared("ACCOUNT_MAX_UNCONFIRMED_HOURS")
MAX_AUDIO_SECONDS = env.declared("MAX_AUDIO_SECONDS")
UPLOAD_LOOKS = env.declared("UPLOAD_LOOKS")
DECODE_WALL_SECONDS = env.declared("DECODE_WALL_SECONDS")
DECODE_MEMORY_MB = env.declared("DECODE_MEMORY_MB")
REMOVED_KEPT_HOURS = env.declared("REMOVED_KEPT_HOURS")
DISK_RESERVE_MB = env.declared("DISK_RESERVE_MB")
FILE_UPLOAD_HANDLERS = ["catalog.api.uploads.CappedFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- jobs and queue ---------------------------------------------------------------------------------------
JOB_MAX_ATTEMPTS = env.declared("JOB_MAX_ATTEMPTS")
JOB_LEASE_SECONDS = env.declared("JOB_LEASE_SECONDS")
JOB_TIMEOUT_SECONDS = env.declared("JOB_TIMEOUT_SECONDS")
FINGERPRINT_WORKERS = env.declared("FINGERPRINT_WORKERS")
FINGERPRINT_NICENESS = env.declared("FINGERPRINT_NICENESS")
WEBHOOK_WORKERS = env.declared("WEBHOOK_WORKERS")
WEB_THREADS = env.declared("WEB_THREADS")
WEB_WORKERS = env.declared("WEB_WORKERS")
REQUEST_HEAD_SECONDS = env.declared("REQUEST_HEAD_SECONDS")
REQUEST_BODY_SECONDS = env.declared("REQUEST_BODY_SECONDS")
REQUEST_SLOWEST_KB_PER_SECOND = env.declared("REQUEST_SLOWEST_KB_PER_SECOND")
JOB_RETENTION_DAYS = env.declared("JOB_RETENTION_DAYS")
AUDIT_RETENTION_DAYS = env.declared("AUDIT_RETENTION_DAYS")
KEY_USE_RETENTION_DAYS = env.declared("KEY_USE_RETENTION_DAYS")
QUEUE_FAILURE_RETENTION_DAYS = env.declared("QUEUE_FAILURE_RETENTION_DAYS")
SWEEP_SECONDS = env.declared("SWEEP_SECONDS")
WATCHDOG_SECONDS = env.declared("WATCHDOG_SECONDS")
DRAIN_SECONDS = env.declared("DRAIN_SECONDS")  # container runtimes kill after 10
QUEUE_CLUSTERS = (FINGERPRINT_CLUSTER, WEBHOOK_CLUSTER)
Q_CLUSTER = queue_cluster(
    timeout_s=JOB_TIMEOUT_SECONDS, fingerprint_workers=FINGERPRINT_WORKERS, webhook_workers=WEBHOOK_WORKERS
)

# --- API --------------------------------------------------------------------------------------------------
RATE_LIMIT_FREE = env.declared("RATE_LIMIT_FREE")
RATE_LIMIT_PAID = env.declared("RATE_LIMIT_PAID")
BATCH_MAX_TRACKS = env.declared("BATCH_MAX_TRACKS")
IDEMPOTENCY_HOURS = env.declared("IDEMPOTENCY_HOURS")
EVENT_WAITERS = env.declared("EVENT_WAITERS")
EVENT_WAITERS_PER_ACCOUNT = env.declared("EVENT_WAITERS_PER_ACCOUNT")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["catalog.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["catalog.api.throttling.ApiKeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "catalog.api.errors.contract_exception",
    "DEFAULT_SCHEMA_CLASS": "catalog.api.schema.CallSchema",
    "UNAUTHENTICATED_USER": None,
    "COMPACT_JSON": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Music fingerprint service",
    "DESCRIPTION": "Finds copies of recordings in a music catalog: upload, add, check, and a signed callback.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "catalog.api.schema.say_what_every_call_shares",
    ],
    "ENUM_NAME_OVERRIDES": {
        "TaskName": "webhooks.contract.TaskName",
        "TaskStatus": "webhooks.contract.TaskStatus",
        "CallbackUrlState": "webhooks.services.standing.State",
        "DeliveryState": "webhooks.models.Message.State",
        "UploadStateName": "catalog.models.Upload.State",
    },
}

# --- mail: to the owner of a callback URL that was disabled -------------------------------------------------
_mail = env.declared("EMAIL_URL")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_BACKEND"], _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds: a worker of callbacks waits for it
DEFAULT_FROM_EMAIL = env.declared("EMAIL_FROM")

# --- webhooks ---------------------------------------------------------------------------------------------
WEBHOOK_TIMEOUT_SECONDS = env.declared("WEBHOOK_TIMEOUT_SECONDS")
# Seconds from the first attempt to each attempt: at once, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 hours.
WEBHOOK_SCHEDULE_SECONDS = env.declared("WEBHOOK_SCHEDULE_SECONDS")
WEBHOOK_MAX_URLS = env.declared("WEBHOOK_MAX_URLS")
WEBHOOK_MAX_HEADERS = env.declared("WEBHOOK_MAX_HEADERS")
WEBHOOK_THROTTLE_SECONDS = env.declared("WEBHOOK_THROTTLE_SECONDS")
WEBHOOK_CIRCUIT_FAILURES = env.declared("WEBHOOK_CIRCUIT_FAILURES")
WEBHOOK_CIRCUIT_SECONDS = env.declared("WEBHOOK_CIRCUIT_SECONDS")
WEBHOOK_PAUSE_MAX_SECONDS = env.declared("WEBHOOK_PAUSE_MAX_SECONDS")
WEBHOOK_QUEUE_TRUST_SECONDS = env.declared("WEBHOOK_QUEUE_TRUST_SECONDS")
WEBHOOK_DISABLE_AFTER_DAYS = env.declared("WEBHOOK_DISABLE_AFTER_DAYS")
WEBHOOK_ATTEMPT_RETENTION_DAYS = env.declared("WEBHOOK_ATTEMPT_RETENTION_DAYS")
WEBHOOK_RECEIVED_RETENTION_DAYS = env.declared("WEBHOOK_RECEIVED_RETENTION_DAYS")
# host:port pairs on private addresses that callbacks may go to all the same: the site's own receiver.
WEBHOOK_ALLOWED_PRIVATE_HOSTS = env.list("WEBHOOK_ALLOWED_PRIVATE_HOSTS", default=[f"127.0.0.1:{PORT}", BIND])
WEBHOOK_TOLERANCE_SECONDS = env.declared("WEBHOOK_TOLERANCE_SECONDS")
WEBHOOK_MAX_BODY_KB = env.declared("WEBHOOK_MAX_BODY_KB")
WEBHOOK_REFUSED_KEPT = env.declared("WEBHOOK_REFUSED_KEPT")

from fingerprint_site.unfold_settings import UNFOLD

UNFOLD["SITE_SUBHEADER"] = f"Version {VERSION}"
