"""The token stream of a file: its syntax tree in pre-order, one byte a node, blind to names and values.

STATEMENT begins a statement and END ends a block; bytes below 128 stand for node classes and are the same on every
version of Python; bytes from 128 are hashes of names that renaming a variable does not change: attributes, called
functions, keyword arguments. `blind` leaves them out.
"""

import ast
from zlib import crc32

STATEMENT, END = 1, 2

_CLASSES = (
    "FunctionDef AsyncFunctionDef ClassDef Return Delete Assign TypeAlias AugAssign AnnAssign For AsyncFor While If "
    "With AsyncWith Match Raise Try TryStar Assert Import ImportFrom Global Nonlocal Expr Pass Break Continue "
    "NamedExpr UnaryOp Lambda IfExp Dict Set ListComp SetComp DictComp GeneratorExp Await Yield YieldFrom Call "
    "FormattedValue JoinedStr Attribute Subscript Starred Name List Tuple Slice "
    "And Or Add Sub Mult MatMult Div Mod Pow LShift RShift BitOr BitXor BitAnd FloorDiv Invert Not UAdd USub Eq NotEq "
    "Lt LtE Gt GtE Is IsNot In NotIn comprehension ExceptHandler arguments arg keyword withitem match_case MatchValue "
    "MatchSingleton MatchSequence MatchMapping MatchClass MatchStar MatchAs MatchOr TemplateStr Interpolation"
).split()

CODES: dict[str, int] = {name: code for code, name in enumerate(_CLASSES, 3)}
"""Byte of each node class. New classes are added at the end, so that fingerprints stay what they are."""

CODE_OF: dict[type[ast.AST], int] = {getattr(ast, name): code for name, code in CODES.items() if hasattr(ast, name)}
"""The same by class, for those that this interpreter has. BoolOp, BinOp and Compare are spelled by their operators."""

_CONSTANTS: tuple[type, ...] = (str, int, float, complex, bytes, bool, type(None), type(...))
_FIRST_CONSTANT = 3 + len(_CLASSES)
CONSTANT_OF: dict[type, int] = {kind: _FIRST_CONSTANT + number for number, kind in enumerate(_CONSTANTS)}
assert max(CONSTANT_OF.values()) < 128

NAMES = bytes(range(128, 256))


class NameBytes(dict[str, int]):
    """{name: its byte}, worked out when first asked for."""

    def __missing__(self, name: str) -> int:
        code = self[name] = 128 + crc32(name.encode("utf-8", "surrogatepass")) % 128
        return code


def blind(tokens: bytes) -> bytes:
    """The stream without the names in it."""
    return tokens.translate(None, NAMES)
