"""Schemas of OpenAPI 3.0, as schemas of JSON Schema 2020-12 that a validator understands.

OpenAPI 3.0 says `nullable` where JSON Schema says a type `null`. The closed form of a schema also refuses a property of
an object that the schema does not name: a misspelt argument, or a field that GitHub would not send.
"""

from typing import Any

Json = Any

REGISTRY = "urn:github"  # the address of the document of all components
IN_PLACE = ("allOf", "anyOf", "oneOf")
KEPT = ("type", "enum", "required", "pattern", "format", "minimum", "maximum", "minLength", "maxLength", "minItems",
        "maxItems", "uniqueItems", "minProperties", "maxProperties", "multipleOf", "exclusiveMinimum",
        "exclusiveMaximum")  # fmt: skip


def converted(schema: Json, *, closed: bool = True) -> dict[str, Json]:
    """The schema in 2020-12, closed. `closed=False`: a part of a combination, of which the whole is closed."""
    if "$ref" in schema:
        reference = {"$ref": f"{REGISTRY}{schema['$ref']}"}
        return {**reference, "unevaluatedProperties": False} if closed else reference
    out: dict[str, Json] = {key: schema[key] for key in KEPT if key in schema}
    for key in ("properties", "patternProperties"):
        if key in schema:
            out[key] = {name: converted(value) for name, value in schema[key].items()}
    for key in IN_PLACE:
        if key in schema:
            out[key] = [converted(part, closed=False) for part in schema[key]]
    if "not" in schema:
        out["not"] = converted(schema["not"], closed=False)
    if "items" in schema:
        out["items"] = converted(schema["items"])
    match schema.get("additionalProperties"):
        case dict() as rest:
            out["additionalProperties"] = converted(rest)
        case False:
            out["additionalProperties"] = False
    if closed and names_properties(schema):
        out["unevaluatedProperties"] = False
    return with_null(out) if schema.get("nullable") else out


def component(schema: Json) -> dict[str, Json]:
    """A schema that others point at. They close it, unless it says that it is open."""
    out = converted(schema, closed=False)
    return (
        out if names_properties(schema) else {**out, "additionalProperties": schema.get("additionalProperties", True)}
    )


def names_properties(schema: Json) -> bool:
    """Whether the schema names the properties of an object, so that others can be called unknown.

    `additionalProperties: true` in a branch of a combination only says that this branch does not speak of the rest."""
    if schema.get("additionalProperties"):
        return False
    if schema.get("properties"):
        return True
    parts = [part for key in IN_PLACE for part in schema.get(key, ())]
    return any("$ref" in part or part.get("properties") or names_properties(part) for part in parts)


def with_null(schema: dict[str, Json]) -> dict[str, Json]:
    """The same schema, to which null is allowed too; the enum of a nullable schema often forgets it."""
    if any(key in schema for key in IN_PLACE):
        return {"anyOf": [schema, {"type": "null"}]}
    out = dict(schema)
    if "type" in out:
        out["type"] = [out["type"], "null"]
    if "enum" in out and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    return out
