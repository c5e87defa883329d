"""The project's settings with a data folder of the test run's own."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_DATA = Path(tempfile.mkdtemp(prefix="fingerprint-tests-"))
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ["DATA_DIR"] = str(_DATA)
os.environ.setdefault("SECRET_KEY", "only-for-tests")
# Playwright's loop runs in the tests' own thread, where Django would refuse the ORM; they take turns.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

from fingerprint_site.settings import *  # noqa: E402, F403
from fingerprint_site.settings import DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    # A file, as in production: threads and real queue processes open it side by side.
    DATABASES["default"]["TEST"] = {"NAME": str(_DATA / "test.sqlite3")}
