"""The `patterns` of a policy: rules for code that a team does not want, checked when they are read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from gitops_healer.code.matching.message import names_in_message
from gitops_healer.core.finding import Severity
from gitops_healer.settings_section import Section

MOST_RULES = 200
MOST_PATTERNS = 50
"""Patterns of one rule, and paths."""


def _as_list(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(max_length=MOST_PATTERNS)]
"""One text, or a list of them."""


class PatternRule(Section):
    """One rule. The language is described in docs/patterns.md.

    pattern, any: code that is looked for (one of them must fit); not: code that is not meant, though it fits; inside,
    not_inside: code that must or must not stand around it (one of several); where: {metavariable: regular expression
    that its source must contain}; paths, exclude: path patterns; message: what a finding says, with {X} for the source
    of $X.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["no-timeout"])]
    pattern: Annotated[Texts, Field(examples=["requests.get(...)"])] = ()
    any: Annotated[Texts, Field(validate_default=True, examples=[["requests.get(...)", "requests.post(...)"]])] = ()
    not_: Annotated[Texts, Field(alias="not", examples=["requests.get(..., timeout=$T, ...)"])] = ()
    inside: Annotated[Texts, Field(examples=["def $F(...): ..."])] = ()
    not_inside: Annotated[Texts, Field(examples=["with $LOCK: ..."])] = ()
    where: Annotated[Mapping[str, str], Field(examples=[{"URL": "^[\"']http:"}])] = Field(default_factory=dict)
    paths: Texts = ()
    exclude: Texts = ()
    message: Annotated[str, Field(max_length=500, examples=["call of {F} without a timeout"])] = ""
    severity: Annotated[Severity, Field(examples=["medium"])] = Severity.MEDIUM

    @property
    def patterns(self) -> tuple[str, ...]:
        return self.pattern + self.any

    @field_validator("pattern", "any", "not_", "inside", "not_inside")
    @classmethod
    def _can_be_read(cls, texts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        from gitops_healer.code.matching.rules import variables_of  # a language that few policies need

        for text in texts:
            _of_rule(info, variables_of, [text])
        if info.field_name == "any" and not texts and info.data.get("pattern") == ():
            raise ValueError(f"of rule {info.data.get('id', '?')} must hold code to look for, or `pattern` must")
        return texts

    @field_validator("where")
    @classmethod
    def _can_be_asked(cls, where: Mapping[str, str], info: ValidationInfo) -> Mapping[str, str]:
        from gitops_healer.code.matching.regex import Expression

        for text in where.values():
            _of_rule(info, Expression, text)
        _check_names(where, info)
        return where

    @field_validator("message")
    @classmethod
    def _can_be_filled(cls, message: str, info: ValidationInfo) -> str:
        _check_names(names_in_message(message), info)
        return message


def _check_names(names: Sequence[str] | Mapping[str, str], info: ValidationInfo) -> None:
    """Whether every match binds these metavariables; no answer when the patterns themselves are wrong."""
    if (
        names
        and {"pattern", "any", "inside"} <= info.data.keys()
        and (texts := info.data["pattern"] + info.data["any"])
    ):
        from gitops_healer.code.matching.rules import no_such_names

        _of_rule(info, no_such_names, names, texts, info.data["inside"])


def _of_rule(info: ValidationInfo, check: Any, *values: Any) -> None:
    """What a check raises, with the name of the rule in front."""
    try:
        check(*values)
    except ValueError as error:
        raise ValueError(f"of rule {info.data.get('id', '?')} {error}") from None


class Patterns(Section):
    rules: Annotated[tuple[PatternRule, ...], Field(max_length=MOST_RULES)]

    @field_validator("rules")
    @classmethod
    def _are_told_apart(cls, rules: tuple[PatternRule, ...]) -> tuple[PatternRule, ...]:
        names = [rule.id for rule in rules]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled is not None:
            raise ValueError(f"must have an id of its own each, and {doubled} stands twice")
        return rules
