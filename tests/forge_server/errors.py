"""What the server refuses, in GitHub's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

DOCUMENTATION = "https://docs.github.com/rest"
FieldError = Mapping[str, str] | str


@dataclass
class Refusal(Exception):  # noqa: N818
    """An answer other than 2xx. errors: GitHub's list of {resource, field, code} or texts."""

    status: int
    message: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.message} {list(self.errors) or ''}".rstrip()

    def body(self) -> dict[str, object]:
        listed = {"errors": list(self.errors)} if self.errors else {}
        return {"message": self.message, **listed, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found() -> Refusal:
    return Refusal(404, "Not Found")


def invalid(resource: str, field_name: str, code: str = "invalid", message: str = "") -> Refusal:
    """422 Validation Failed; with code "custom", `message` says what is wrong."""
    error = {"resource": resource, "field": field_name, "code": code} | ({"message": message} if message else {})
    if not field_name:
        del error["field"]
    return Refusal(422, "Validation Failed", [error])
