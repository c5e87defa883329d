"""WSGI entry point: what makes a process one of the web server's, whichever server it is."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fingerprint_site.settings")
application = get_wsgi_application()

from fingerprint_site.web_statements import limit_statements  # noqa: E402  (needs the settings)

limit_statements()
_ = get_resolver().url_patterns  # loads the views, for which the first requests would wait
