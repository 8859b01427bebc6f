"""The errors of the validator, as sentences that say where and what, and are short enough to read."""

from collections.abc import Iterable, Iterator

import jsonschema_rs

LONGEST = 240
Kind = jsonschema_rs.ValidationErrorKind


def explained(errors: Iterable[jsonschema_rs.ValidationError], where: str) -> list[str]:
    """A sentence for each error. That properties are unknown is said only of an object that has no other error,
    for the validator does not know any property of an object that broke the part which names them."""
    flat = [leaf for error in errors for leaf in _leaves(error)]
    broken = [error.instance_path for error in flat if not _about_unknown(error)]

    def tells(error: jsonschema_rs.ValidationError) -> bool:
        depth = len(error.instance_path)
        return not _about_unknown(error) or all(path[:depth] != error.instance_path for path in broken)

    return list(dict.fromkeys(f"{_place(error, where)} {_text(error)}" for error in flat if tells(error)))


def _about_unknown(error: jsonschema_rs.ValidationError) -> bool:
    return isinstance(error.kind, Kind.UnevaluatedProperties)


def _leaves(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """Of alternatives that all failed, the errors of the one that came nearest."""
    match error.kind:
        case Kind.AnyOf(context=branches) | Kind.OneOfNotValid(context=branches) if branches:
            nearest = min(branches, key=_distance)
            for leaf in nearest:
                yield from _leaves(leaf)
        case _:
            yield error


def _distance(branch: list[jsonschema_rs.ValidationError]) -> tuple[bool, bool, int]:
    """How far a value is from an alternative: first of another type, then of another name, then by what is wrong."""
    top = [error.kind for error in branch if len(error.instance_path) <= 1]
    other_type = any(isinstance(error.kind, Kind.Type) and not error.instance_path for error in branch)
    return other_type, any(isinstance(kind, Kind.Enum | Kind.Not) for kind in top), len(branch)


def _place(error: jsonschema_rs.ValidationError, where: str) -> str:
    return where + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)


def _text(error: jsonschema_rs.ValidationError) -> str:
    if isinstance(error.kind, Kind.UnevaluatedProperties):
        return "has what the description does not know: " + ", ".join(sorted(error.kind.unexpected))
    text = error.message
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 3]} … {text[-LONGEST // 2 :]}"
