"""GitHub's published OpenAPI description as the judge of what goes over the wire."""
