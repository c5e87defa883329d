"""Where everything lives; includes only."""

from django.contrib import admin
from django.http import HttpResponseRedirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
    # Browsers ask here whatever a page says, and so do they for what is no page at all (a picture, JSON).
    path("favicon.ico", lambda _: HttpResponseRedirect(static("catalog/icon.svg"))),
    path("admin/", admin.site.urls),
    path("api/v1/", include("catalog.api.urls")),
    path("api/", include("catalog.api.schema_urls")),
    path("health/", include("fingerprint_site.health.urls")),
    path("catalog/", include("catalog.pages.urls")),
    path("webhooks/", include("webhooks.urls")),
]

handler500 = "fingerprint_site.unavailable.server_error"
