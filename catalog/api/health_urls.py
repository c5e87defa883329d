"""The health checks."""

from django.urls import path

from catalog.api import health

urlpatterns = [
    path("live", health.live, name="health-live"),
    path("ready", health.ready, name="health-ready"),
]
