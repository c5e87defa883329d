"""The published schema, and the page to try it."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from catalog.api.docs import ApiDocsView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocsView.as_view(), name="api-docs"),
]
