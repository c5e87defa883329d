"""The health checks."""

from django.urls import path

from fingerprint_site.health import views

urlpatterns = [
    path("live", views.live, name="health-live"),
    path("ready", views.ready, name="health-ready"),
]
