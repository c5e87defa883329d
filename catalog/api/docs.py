"""The page for people who write a client: how to call this very deployment, and the schema to try."""

from typing import Any

from django.views.generic import TemplateView

from catalog.api.uploads import max_file_bytes
from catalog.services.audio import formats


class ApiDocsView(TemplateView):
    """Examples with the address that the reader came by, and Swagger UI below them."""

    template_name = "catalog/api_docs.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the base URL: the host of this request, as a client of the reader's would reach it."""
        return super().get_context_data(**kwargs) | {
            "base_url": self.request.build_absolute_uri("/").rstrip("/"),
            "formats": formats.listed("or"),
            "limit_mb": max_file_bytes() // 1024**2,
        }
