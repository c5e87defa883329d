"""Where everything lives; includes only."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("catalog.api.urls")),
    path("api/", include("catalog.api.schema_urls")),
    path("catalog/", include("catalog.pages.urls")),
    path("webhooks/", include("webhooks.urls")),
]
