"""GitHub's expressions: `${{ ... }}` and `if:`, with their loose comparisons.

Values are JSON values. `Filtered` marks what `.*` gave, as further accesses go through it item by item.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_DEPTH = 50
MAX_LENGTH = 21_000

Value = Any
Function = Callable[..., Value]


class ExpressionError(ValueError):
    """An expression that cannot be parsed or evaluated."""


class Filtered(list[Any]):
    """What a `*` selected."""


# Tokens

_OPERATORS = ("==", "!=", "<=", ">=", "&&", "||", "(", ")", "[", "]", ",", "!", "<", ">", "*")
_BOUNDARY = set("([)].,!><=&|") | set(" \t\r\n\v\f\u00a0\ufeff\u2028\u2029")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None, "NaN": math.nan, "Infinity": math.inf}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    value: Value = None


def tokens_of(text: str) -> list[Token]:
    if len(text) > MAX_LENGTH:
        raise ExpressionError("the expression is too long")
    found: list[Token] = []
    position = 0
    while position < len(text):
        char = text[position]
        if char in " \t\r\n":
            position += 1
            continue
        token = _token(text, position, found[-1].kind if found else "")
        found.append(token)
        position += len(token.text)
    return [*found, Token("end", "")]


def _token(text: str, start: int, before: str) -> Token:
    if text[start] == "'":
        return _string(text, start)
    if text[start] == "." and before in ("name", "]", ")", "*"):
        return Token(".", ".")
    if text[start] in "+-.0123456789":
        return _number(text, start)
    for operator in _OPERATORS:
        if text.startswith(operator, start):
            return Token(operator, operator)
    end = start + 1
    while end < len(text) and text[end] not in _BOUNDARY:
        end += 1
    word = text[start:end]
    if not _IDENTIFIER.fullmatch(word):
        raise ExpressionError(f"unexpected symbol {word!r}")
    if before != "." and word in _WORDS:
        return Token("literal", word, _WORDS[word])
    return Token("name", word)


def _string(text: str, start: int) -> Token:
    match = re.compile(r"'((?:[^']|'')*)'", re.DOTALL).match(text, start)
    if match is None:
        raise ExpressionError(f"the string {text[start:]!r} does not end")
    return Token("literal", match[0], match[1].replace("''", "'"))


def _number(text: str, start: int) -> Token:
    end = start + 1
    while end < len(text) and (text[end] == "." or text[end] not in _BOUNDARY):
        end += 1
    value = number_of(text[start:end])
    if math.isnan(value):
        raise ExpressionError(f"unexpected symbol {text[start:end]!r}")
    return Token("literal", text[start:end], value)


# Syntax: `Node` is a function of the scope


@dataclass(frozen=True)
class Scope:
    """contexts: by lower-case name; functions: beside those that are built in, by lower-case name."""

    contexts: Mapping[str, Value]
    functions: Mapping[str, Function]


Node = Callable[[Scope], Value]


class _Parser:
    def __init__(self, text: str, scope: Scope) -> None:
        self.tokens = tokens_of(text)
        self.at = 0
        self.scope = scope
        self.depth = 0

    def whole(self) -> Node:
        node = self.expression()
        if self.tokens[self.at].kind != "end":
            raise ExpressionError(f"unexpected symbol {self.tokens[self.at].text!r}")
        return node

    def take(self, *kinds: str) -> Token | None:
        token = self.tokens[self.at]
        if token.kind not in kinds:
            return None
        self.at += 1
        return token

    def need(self, kind: str) -> None:
        if self.take(kind) is None:
            raise ExpressionError(f"{kind!r} is missing before {self.tokens[self.at].text!r}")

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")
        try:
            return self.logical("||", lambda: self.logical("&&", self.equality, truthy=False), truthy=True)
        finally:
            self.depth -= 1

    def logical(self, operator: str, part: Callable[[], Node], *, truthy: bool) -> Node:
        parts = [part()]
        while self.take(operator):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]

        def first(scope: Scope) -> Value:
            value = None
            for one in parts:
                value = one(scope)
                if is_true(value) is truthy:
                    break
            return value

        return first

    def equality(self) -> Node:
        return self.binary(("==", "!="), lambda: self.binary(("<", "<=", ">", ">="), self.unary))

    def binary(self, operators: tuple[str, ...], part: Callable[[], Node]) -> Node:
        left = part()
        while token := self.take(*operators):
            left = _compared(token.kind, left, part())
        return left

    def unary(self) -> Node:
        if self.take("!"):
            inner = self.unary()
            return lambda scope: not is_true(inner(scope))
        return self.access()

    def access(self) -> Node:
        node, indexable = self.primary()
        while indexable:
            if self.take("["):
                index = None if self.take("*") else self.expression()
                self.need("]")
                node = _indexed(node, index)
            elif self.take("."):
                node = _indexed(node, self.property())
            else:
                break
        return node

    def property(self) -> Node | None:
        if self.take("*"):
            return None
        name = self.take("name")
        if name is None:
            raise ExpressionError(f"a name is missing before {self.tokens[self.at].text!r}")
        return lambda _: name.text

    def primary(self) -> tuple[Node, bool]:
        if token := self.take("literal"):
            return (lambda _: token.value), False
        if self.take("("):
            inner = self.expression()
            self.need(")")
            return inner, True
        if token := self.take("name"):
            return (self.call(token.text) if self.take("(") else self.context(token.text)), True
        raise ExpressionError(f"unexpected {self.tokens[self.at].text or 'end'!r}")

    def context(self, name: str) -> Node:
        if name.lower() not in self.scope.contexts:
            raise ExpressionError(f"there is no context {name!r}")
        return lambda scope: scope.contexts[name.lower()]

    def call(self, name: str) -> Node:
        arguments = []
        while not self.take(")"):
            arguments.append(self.expression())
            if self.tokens[self.at].kind != ")":
                self.need(",")
        least, most, function = _BUILT_IN.get(name.lower(), (0, 255, self.scope.functions.get(name.lower())))
        if function is None:
            raise ExpressionError(f"there is no function {name!r}")
        if not least <= len(arguments) <= most:
            raise ExpressionError(f"{name} takes {least} to {most} arguments, not {len(arguments)}")
        return lambda scope: function(*(argument(scope) for argument in arguments))


def _compared(operator: str, left: Node, right: Node) -> Node:
    return lambda scope: compare(operator, left(scope), right(scope))


def _indexed(node: Node, index: Node | None) -> Node:
    def get(scope: Scope) -> Value:
        key = None if index is None else index(scope)
        return _item(node(scope), key, star=index is None)

    return get


# Meaning


def evaluate(text: str, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None) -> Value:
    """The value of an expression, without its `${{ }}`. Raises ExpressionError."""
    lowered = {name.lower(): function for name, function in (functions or {}).items()}
    scope = Scope({name.lower(): value for name, value in contexts.items()}, lowered)
    return _Parser(text, scope).whole()(scope)


def interpolate(text: str, contexts: Mapping[str, Value], functions: Mapping[str, Function] | None = None) -> Value:
    """A text with `${{ }}` in it; one that is nothing else keeps the type of its value."""
    whole = re.fullmatch(r"\s*\$\{\{((?:'(?:[^']|'')*'|(?!\}\}).)*)\}\}\s*", text, re.DOTALL)
    if whole:
        return evaluate(whole[1], contexts, functions)
    pattern = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|(?!\}\}).)*)\}\}", re.DOTALL)
    return pattern.sub(lambda match: string_of(evaluate(match[1], contexts, functions)), text)


def is_true(value: Value) -> bool:
    if isinstance(value, dict | list):
        return True
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def number_of(value: Value) -> float:
    """As JavaScript's Number() reads it."""
    if value is None or isinstance(value, bool):
        return float(bool(value))
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str):
        return math.nan
    text = value.strip(" \t\r\n\v\f\u00a0\ufeff\u2028\u2029")
    if not text:
        return 0.0
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+", text):
        return float(int(text, 0))
    if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text):
        return float(text)
    return {"Infinity": math.inf, "+Infinity": math.inf, "-Infinity": -math.inf}.get(text, math.nan)


def string_of(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _digits(float(value))
        case str():
            return value
        case dict():
            return "Object"
        case _:
            return "Array"


def _digits(value: float) -> str:
    """At most 15 places, as JavaScript's toFixed(15) and toString write them."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    if abs(value) < 1e21:
        value = float(f"{value:.15f}")
    if value == int(value) and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" not in text:
        return text
    digits, _, power = text.partition("e")
    exponent = int(power)
    if -7 < exponent < 0:
        return f"{value:.20f}".rstrip("0")
    return f"{digits.removesuffix('.0')}e{'+' if exponent > 0 else '-'}{abs(exponent)}"


def compare(operator: str, left: Value, right: Value) -> bool:
    match operator:
        case "==":
            return equals(left, right)
        case "!=":
            return not equals(left, right)
        case ">":
            return _is_less(right, left)
        case ">=":
            return equals(left, right) or _is_less(right, left)
        case "<":
            return _is_less(left, right)
        case _:
            return equals(left, right) or _is_less(left, right)


def _kind(value: Value) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case dict():
            return "object"
        case _:
            return "array"


def _coerced(left: Value, right: Value) -> tuple[Value, Value]:
    """Both as the same kind where that can be: strings, booleans and null become numbers."""
    kinds = (_kind(left), _kind(right))
    if kinds[0] == kinds[1]:
        return left, right
    if kinds in (("number", "string"), ("string", "number")):
        return number_of(left), number_of(right)
    if kinds[0] in ("null", "boolean"):
        return _coerced(number_of(left), right)
    if kinds[1] in ("null", "boolean"):
        return _coerced(left, number_of(right))
    return left, right


def equals(left: Value, right: Value) -> bool:
    left, right = _coerced(left, right)
    if _kind(left) != _kind(right):
        return False
    if isinstance(left, str):
        return _upper(left) == _upper(right)
    if isinstance(left, dict | list):
        return left is right
    return bool(left == right)


def _is_less(left: Value, right: Value) -> bool:
    left, right = _coerced(left, right)
    if _kind(left) != _kind(right) or isinstance(left, dict | list) or left is None:
        return False
    if isinstance(left, str):
        return _upper(left) < _upper(right)
    return bool(left < right)


def _upper(text: str) -> str:
    """Upper case, but for the small dotless i."""
    return "ı".join(part.upper() for part in text.split("ı"))


def _item(value: Value, key: Value, *, star: bool) -> Value:
    if isinstance(value, Filtered):
        picked = [_inside(item, key, star=star) for item in value if isinstance(item, dict | list)]
        return Filtered(item for items in picked for item in items)
    if isinstance(value, dict | list):
        found = _inside(value, key, star=star)
        return Filtered(found) if star else next(iter(found), None)
    return Filtered() if star else None


def _inside(value: Value, key: Value, *, star: bool) -> list[Value]:
    """Nothing, the one item, or all of them."""
    if star:
        return list(value.values() if isinstance(value, dict) else value)
    if isinstance(value, dict):
        wanted = None if isinstance(key, dict | list) else string_of(key).lower()
        return [item for name, item in value.items() if name.lower() == wanted][:1]
    index = number_of(key)
    return value[int(index) : int(index) + 1] if index >= 0 and math.isfinite(index) else []


# Functions


def _contains(search: Value, item: Value) -> bool:
    if isinstance(search, list):
        return any(equals(item, one) for one in search)
    if isinstance(search, dict) or isinstance(item, dict | list):
        return False
    return string_of(item).lower() in string_of(search).lower()


def _begins(text: Value, part: Value) -> bool:
    primitive = not isinstance(text, dict | list) and not isinstance(part, dict | list)
    return primitive and _upper(string_of(text)).startswith(_upper(string_of(part)))


def _ends(text: Value, part: Value) -> bool:
    primitive = not isinstance(text, dict | list) and not isinstance(part, dict | list)
    return primitive and _upper(string_of(text)).endswith(_upper(string_of(part)))


def _format(template: Value, *values: Value) -> str:
    text, parts, at = string_of(template), list[str](), 0
    pattern = re.compile(r"\{\{|\}\}|\{(\d+)[^}]*\}|[{}]")
    for match in pattern.finditer(text):
        parts.append(text[at : match.start()])
        at = match.end()
        if match[1] is not None:
            if int(match[1]) >= len(values):
                raise ExpressionError(f"format: {text!r} asks for more values than there are")
            parts.append(string_of(values[int(match[1])]))
        elif len(match[0]) == 2:
            parts.append(match[0][0])
        else:
            raise ExpressionError(f"format: {text!r} is no format")
    return "".join([*parts, text[at:]])


def _join(values: Value, separator: Value = ",") -> str:
    if isinstance(values, list):
        between = "," if isinstance(separator, dict | list) else string_of(separator)
        return between.join(string_of(value) for value in values)
    return "" if isinstance(values, dict) else string_of(values)


def _to_json(value: Value) -> str:
    return json.dumps(_whole(value), indent=2, ensure_ascii=False)


def _whole(value: Value) -> Value:
    """Numbers as JSON.stringify writes them."""
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float():
            if not math.isfinite(value):
                return None
            return int(value) if value == int(value) else value
        case _:
            return value


def _from_json(text: Value) -> Value:
    try:
        return json.loads(string_of(text), parse_constant=_no_constant)
    except ValueError:
        raise ExpressionError(f"fromJSON: {string_of(text)[:80]!r} is no JSON") from None


def _no_constant(name: str) -> Value:
    raise ValueError(name)


def _case(*arguments: Value) -> Value:
    if len(arguments) % 2 == 0:
        raise ExpressionError("case takes an odd number of arguments")
    pairs = zip(arguments[0:-1:2], arguments[1::2], strict=True)
    for condition, value in pairs:
        if not isinstance(condition, bool):
            raise ExpressionError("a condition of case must be true or false")
        if condition:
            return value
    return arguments[-1]


_BUILT_IN: Mapping[str, tuple[int, int, Function | None]] = {
    "case": (3, 255, _case),
    "contains": (2, 2, _contains),
    "endswith": (2, 2, _ends),
    "format": (1, 255, _format),
    "fromjson": (1, 1, _from_json),
    "join": (1, 2, _join),
    "startswith": (2, 2, _begins),
    "tojson": (1, 1, _to_json),
}
