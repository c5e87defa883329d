"""Settings, all of them from the environment (or a `.env` file); docs/settings.md explains each."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

from fingerprint_site.audio_storage import audio_storage
from fingerprint_site.log_settings import logging_to
from fingerprint_site.queue_settings import FINGERPRINT_CLUSTER, WEBHOOK_CLUSTER, queue_cluster
from fingerprint_site.secrets_file import read_or_create_secret

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")
VERSION = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

# --- where things are -------------------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default="var"))
if not DATA_DIR.is_absolute():
    DATA_DIR = BASE_DIR / DATA_DIR
HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
EVERY_INTERFACE = HOST in ("0.0.0.0", "::")  # noqa: S104  (asked for by the operator)
BIND = f"[{HOST}]:{PORT}" if ":" in HOST else f"{HOST}:{PORT}"
DEMO = env.bool("DEMO", default=True)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{f'127.0.0.1:{PORT}' if EVERY_INTERFACE else BIND}").rstrip("/")
AUDIO_DIR = DATA_DIR / "audio"
UPLOAD_DIR = DATA_DIR / "uploads"
INDEX_DIR = DATA_DIR / "index"
for folder in (AUDIO_DIR, UPLOAD_DIR, INDEX_DIR):
    folder.mkdir(parents=True, exist_ok=True)

# --- logs -------------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOG_TO = env.str("LOG_TO", default="files")
LOG_FILE_MB = env.float("LOG_FILE_MB", default=10.0)
LOG_FILES_KEPT = env.int("LOG_FILES_KEPT", default=4)
LOG_FILE_BYTES = int(LOG_FILE_MB * 1_000_000)
LOGGING = logging_to(
    destination=LOG_TO,
    level=LOG_LEVEL,
    file=env.str("LOG_FILE", default=""),  # the supervisor's word to its processes
    most_bytes=LOG_FILE_BYTES,
    kept=LOG_FILES_KEPT,
)

# --- security ---------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_create_secret(DATA_DIR / "secret_key")
# Webhook secrets are encrypted under this key; losing it loses them, so it is apart from SECRET_KEY.
SECRETS_KEY = env.str("SECRETS_KEY", default="") or read_or_create_secret(DATA_DIR / "secrets_key")
_public_host = urlsplit(PUBLIC_URL).netloc.rsplit(":", 1)[0] or HOST
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", _public_host])
if EVERY_INTERFACE and not env.list("ALLOWED_HOSTS", default=[]) and not env.str("PUBLIC_URL", default=""):
    ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)
TRUST_PROXY = env.bool("TRUST_PROXY", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_HOURS = env.int("SESSION_HOURS", default=72)
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
LOGIN_FAILURES = env.int("LOGIN_FAILURES", default=10)
LOGIN_LOCK_MINUTES = env.int("LOGIN_LOCK_MINUTES", default=15)
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
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
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
        "APP_DIRS": True,
        "OPTIONS": {
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
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60

# --- language, time, static files -------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
AUDIO_STORAGE = env.str("AUDIO_STORAGE", default="")
S3_ENDPOINT_URL = env.str("S3_ENDPOINT_URL", default="")
S3_REGION = env.str("S3_REGION", default="")
S3_ACCESS_KEY_ID = env.str("S3_ACCESS_KEY_ID", default="")
S3_SECRET_ACCESS_KEY = env.str("S3_SECRET_ACCESS_KEY", default="")
S3_TIMEOUT_SECONDS = env.float("S3_TIMEOUT_SECONDS", default=30.0)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "audio": audio_storage(
        AUDIO_STORAGE,
        endpoint_url=S3_ENDPOINT_URL,
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
FINGERPRINT_INDEX = env.str("FINGERPRINT_INDEX", default="")
MILVUS_TIMEOUT_SECONDS = env.float("MILVUS_TIMEOUT_SECONDS", default=60.0)
FALSE_ACCEPT_LIMIT = env.float("FALSE_ACCEPT_LIMIT", default=1e-4)
NAMING_CPU_SECONDS_PER_MINUTE = env.float("NAMING_CPU_SECONDS_PER_MINUTE", default=2.5)
FORMATS_BEYOND_CONTRACT = env.list(
    "FORMATS_BEYOND_CONTRACT",
    default=["aiff", "caf", "w64", "au", "wma", "wavpack", "ape", "tta", "matroska", "video"],
)
MAX_UPLOAD_MB = env.int("MAX_UPLOAD_MB", default=50)
ACCOUNT_MAX_TRACKS = env.int("ACCOUNT_MAX_TRACKS", default=0)
ACCOUNT_MAX_MB = env.int("ACCOUNT_MAX_MB", default=0)
MAX_AUDIO_SECONDS = env.int("MAX_AUDIO_SECONDS", default=3600)
DECODE_WALL_SECONDS = env.int("DECODE_WALL_SECONDS", default=120)
DECODE_MEMORY_MB = env.int("DECODE_MEMORY_MB", default=2048)
REMOVED_KEPT_HOURS = env.float("REMOVED_KEPT_HOURS", default=24.0)
DISK_RESERVE_MB = env.int("DISK_RESERVE_MB", default=500)
FILE_UPLOAD_HANDLERS = ["catalog.api.uploads.CappedFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = UPLOAD_DIR
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- jobs and queue ---------------------------------------------------------------------------------------
JOB_MAX_ATTEMPTS = env.int("JOB_MAX_ATTEMPTS", default=3)
JOB_LEASE_SECONDS = env.int("JOB_LEASE_SECONDS", default=60)
JOB_TIMEOUT_SECONDS = env.int("JOB_TIMEOUT_SECONDS", default=300)
FINGERPRINT_WORKERS = env.int("FINGERPRINT_WORKERS", default=2)
FINGERPRINT_NICENESS = env.int("FINGERPRINT_NICENESS", default=5)
WEBHOOK_WORKERS = env.int("WEBHOOK_WORKERS", default=2)
WEB_THREADS = env.int("WEB_THREADS", default=4)
WEB_WORKERS = env.int("WEB_WORKERS", default=2)
JOB_RETENTION_DAYS = env.int("JOB_RETENTION_DAYS", default=365)
AUDIT_RETENTION_DAYS = env.int("AUDIT_RETENTION_DAYS", default=730)
KEY_USE_RETENTION_DAYS = env.int("KEY_USE_RETENTION_DAYS", default=400)
QUEUE_FAILURE_RETENTION_DAYS = env.int("QUEUE_FAILURE_RETENTION_DAYS", default=30)
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=1.0)
WATCHDOG_SECONDS = env.int("WATCHDOG_SECONDS", default=60)
DRAIN_SECONDS = env.int("DRAIN_SECONDS", default=8)  # container runtimes kill after 10
QUEUE_CLUSTERS = (FINGERPRINT_CLUSTER, WEBHOOK_CLUSTER)
Q_CLUSTER = queue_cluster(
    timeout_s=JOB_TIMEOUT_SECONDS, fingerprint_workers=FINGERPRINT_WORKERS, webhook_workers=WEBHOOK_WORKERS
)

# --- API --------------------------------------------------------------------------------------------------
RATE_LIMIT_FREE = env.int("RATE_LIMIT_FREE", default=10)
RATE_LIMIT_PAID = env.int("RATE_LIMIT_PAID", default=100)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["catalog.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["catalog.api.throttling.ApiKeyThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "EXCEPTION_HANDLER": "catalog.api.errors.contract_exception",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
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
}

# --- mail: to the owner of a callback URL that was disabled -------------------------------------------------
_mail = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:25")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_BACKEND"], _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_USER"] or "", _mail["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.get("EMAIL_USE_TLS", False), _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10  # seconds: a worker of callbacks waits for it
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="fingerprint@localhost")

# --- webhooks ---------------------------------------------------------------------------------------------
WEBHOOK_TIMEOUT_SECONDS = env.float("WEBHOOK_TIMEOUT_SECONDS", default=15.0)
# Seconds from the first attempt to each attempt: at once, 5 s, 5 min, 30 min, 2, 5, 10, 14, 20, 24 hours.
WEBHOOK_SCHEDULE_SECONDS = env.list(
    "WEBHOOK_SCHEDULE_SECONDS",
    cast=int,
    default=[0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400],
)
WEBHOOK_QUEUE_TRUST_SECONDS = env.int("WEBHOOK_QUEUE_TRUST_SECONDS", default=300)
WEBHOOK_DISABLE_AFTER_DAYS = env.int("WEBHOOK_DISABLE_AFTER_DAYS", default=5)
WEBHOOK_ATTEMPT_RETENTION_DAYS = env.int("WEBHOOK_ATTEMPT_RETENTION_DAYS", default=90)
WEBHOOK_RECEIVED_RETENTION_DAYS = env.int("WEBHOOK_RECEIVED_RETENTION_DAYS", default=365)
# host:port pairs on private addresses that callbacks may go to all the same: the site's own receiver.
WEBHOOK_ALLOWED_PRIVATE_HOSTS = env.list("WEBHOOK_ALLOWED_PRIVATE_HOSTS", default=[f"127.0.0.1:{PORT}", BIND])
WEBHOOK_TOLERANCE_SECONDS = env.int("WEBHOOK_TOLERANCE_SECONDS", default=300)
WEBHOOK_MAX_BODY_KB = env.int("WEBHOOK_MAX_BODY_KB", default=256)
WEBHOOK_LINKS = "catalog.selectors.tasks.links_of_callback"  # whose pages a callback's body may name
WEBHOOK_REFUSED_KEPT = env.int("WEBHOOK_REFUSED_KEPT", default=1000)

from fingerprint_site.unfold_settings import UNFOLD

UNFOLD["SITE_SUBHEADER"] = f"Version {VERSION}"
