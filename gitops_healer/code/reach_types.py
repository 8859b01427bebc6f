"""Methods of the builtin types: which there are, and what they give back."""

import ast
from collections import Counter, OrderedDict, deque
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from gitops_healer.code.reach_values import Value, made

_TYPES: Final = (
    ("str", str), ("bytes", bytes), ("list", list), ("dict", dict), ("set", set), ("tuple", tuple), ("int", int),
    ("float", float), ("collections.deque", deque), ("collections.OrderedDict", OrderedDict),
    ("collections.Counter", Counter), ("datetime", datetime), ("date", date), ("timedelta", timedelta),
    ("Decimal", Decimal),
)  # fmt: skip
_MATCHES: Final = "group groups groupdict start end span findall finditer fullmatch"
BUILTIN_METHODS: Final[dict[str, str]] = {
    **dict.fromkeys(_MATCHES.split(), "re.Match"),
    **{
        name: kind
        for kind, type_ in reversed(_TYPES)
        for name in dir(type_)
        if not name.startswith("_") and name not in ("now", "today", "utcnow", "fromtimestamp")
    },
}
"""{method: the type that it is taken for}"""
_BUILTINS: Final = frozenset(
    "str bytes bytearray list dict set frozenset tuple int float bool complex range generator slice ellipsis "
    "object memoryview".split()
)
_STRANGE: Final = (
    "session", "client", "conn", "connection", "cursor", "socket", "sock", "redis", "http", "api", "queue", "file",
    "stream", "proc", "process", "server", "service", "repo", "repository", "store", "db", "database", "engine",
    "channel", "request", "response", "thread", "pool", "lock", "path", "transport", "writer", "reader",
)  # fmt: skip
"""Words in the names of things that have methods called like those of containers, and are none."""
RESULTS: Final[dict[str, str]] = {
    "str": "str", "repr": "str", "ascii": "str", "format": "str", "chr": "str", "bin": "str", "hex": "str",
    "len": "int", "int": "int", "ord": "int", "hash": "int", "float": "float",
    "bool": "bool", "isinstance": "bool", "any": "bool",
    "all": "bool", "callable": "bool", "hasattr": "bool", "issubclass": "bool", "divmod": "tuple", "bytes": "bytes",
    "bytearray": "bytearray", "range": "range", "pow": "int", "os.path.join": "str", "os.path.basename": "str",
    "os.path.dirname": "str", "os.path.abspath": "str", "os.path.splitext": "tuple", "json.dumps": "str",
    "textwrap.dedent": "str", "re.sub": "str", "os.getcwd": "str", "os.environ.get": "str", "os.getenv": "str",
    "time.time": "float", "input": "str", "defaultdict": "dict", "collections.defaultdict": "dict",
}  # fmt: skip
_TEXT: Final = frozenset(
    "strip lstrip rstrip lower upper title capitalize casefold swapcase replace format format_map join center ljust "
    "rjust zfill expandtabs translate removeprefix removesuffix decode isoformat strftime".split()
)
_TEXTS: Final = frozenset("split rsplit splitlines partition rpartition".split())
_NUMBERS: Final = frozenset("find rfind index rindex count bit_length".split())
_TRUTHS: Final = frozenset("startswith endswith issubset issuperset isdisjoint".split())


def is_builtin(name: str) -> bool:
    return name in _BUILTINS


def assumed_pure(func: ast.Attribute, near: frozenset[str]) -> bool:
    """Whether a method of an object that nobody knows may be taken for that of a builtin type: its name is one, no
    class at hand has a method of that name, and the object is not called like something that is no container. near:
    names of methods of classes at hand."""
    if func.attr not in BUILTIN_METHODS or func.attr in near:
        return False
    base = func.value
    while isinstance(base, ast.Subscript | ast.Call):
        base = base.func if isinstance(base, ast.Call) else base.value
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    words = name.lower().strip("_").split("_")
    return not any(word in _STRANGE or word.removesuffix("s") in ("session", "client") for word in words)


def result_of_method(value: Value, method: str) -> tuple[Value, ...]:
    """What a method of a builtin type gives, () where that is not known."""
    text = value.name if value.name in ("str", "bytes") else "str"
    if method in _TEXT:
        return (made(text),)
    if method in _TEXTS:
        return (made("list", made(text)),)
    if method == "encode":
        return (made("bytes"),)
    if method in _NUMBERS:
        return (made("int"),)
    if method in _TRUTHS or method.startswith("is"):
        return (made("bool"),)
    if method in ("copy", "union", "difference", "intersection", "symmetric_difference"):
        return (value,)
    if method == "values":
        return (made("list", *value.items),)
    if method == "items":
        return (made("list", made("tuple", *value.items)),)
    if method == "keys":
        return (made("list"),)
    if method in ("pop", "get", "setdefault") and value.items:
        return value.items
    return ()
