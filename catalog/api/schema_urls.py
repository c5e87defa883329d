"""The published schema, and the page to try it."""

from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from catalog.api.docs import ApiDocsView

schema = SpectacularAPIView.as_view()
docs = csrf_exempt(ApiDocsView.as_view())  # it takes no form: what is posted here is answered 405, with a token or not
# Without the slash as well: no program that calls `/api/` is sent on.
urlpatterns = [
    path("schema/", schema, name="api-schema"),
    path("schema", schema),
    path("docs/", docs, name="api-docs"),
    path("docs", docs),
]
