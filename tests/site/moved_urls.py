"""The same views at other addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("office/", admin.site.urls),
    path("hook/", include("webhooks.urls")),
    path("elsewhere/", include("fingerprint_site.urls")),
]
