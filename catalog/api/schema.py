"""What the OpenAPI schema must be told beyond the views."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """The bearer key in the OpenAPI schema."""

    target_class = "catalog.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002
        """Return the schema's words for a bearer key."""
        return {"type": "http", "scheme": "bearer"}
