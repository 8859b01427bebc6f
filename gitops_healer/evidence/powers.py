"""What code can do to the world around it, told by the names it mentions, called or not.

Effects (`code.effects`) say what a call does; this says what a name could do in the wrong hands, which is more: a
function that is only passed on, a module kept under another name, a name looked up by text. Sources: the standard
library's reference and its security considerations; the documentation of the libraries named here.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gitops_healer.evidence.power_names import (
    ADDRESS,
    BUILTINS,
    GUARD_DECORATOR,
    GUARDS,
    HARMLESS,
    INSECURE,
    INSIDE_TEXT,
    INSIDES,
    METHODS,
    MODULES,
    ORIGINS,
    OWN_HOST,
    PLACES,
    REFUSAL,
    SETS_PATH,
    STREAMS,
    TELLS,
    TOLD,
    WRITES,
    Power,
    power_of,
)


@dataclass(frozen=True)
class Use:
    """One mention. name: full, through imports; owner: the function it stands in, "" for the module's own code."""

    power: Power
    name: str
    line: int
    owner: str

    @property
    def key(self) -> tuple[Power, str]:
        """What stays the same when the same power is used another way: for the network and processes the library."""
        coarse = self.power in (Power.NETWORK, Power.PROCESS)
        return self.power, self.name.partition(".")[0] if coarse else self.name


@dataclass(frozen=True)
class Reading:
    """What a file can do. guards: (name of a protection, function) with how often; owners: functions and classes;
    roots: first parts of absolute imports -> line; hosts: of addresses in texts -> line."""

    uses: tuple[Use, ...]
    guards: Counter[tuple[str, str]]
    owners: frozenset[str]
    roots: dict[str, int]
    hosts: dict[str, int]


def reading(tree: ast.Module) -> Reading:
    """tree: of a file that parses."""
    reader = _Reader(tree)
    reader.walk(tree, "")
    return Reading(tuple(reader.uses), reader.guards, frozenset(reader.owners), reader.roots, reader.hosts)


def gained(before: Sequence[Reading], after: Sequence[Reading]) -> tuple[Use, ...]:
    """Uses of which there are more than before, in functions that did not have them before: what only moved, from one
    function or file to another, is nothing new. before, after: the same files, in the same order."""
    left = Counter(use.key for one in before for use in one.uses)
    had = [{(use.owner, use.key) for use in one.uses} for one in before]
    fresh = []
    for place, one in enumerate(after):
        known = had[place] if place < len(had) else set()
        for use in one.uses:
            if (use.owner, use.key) in known:
                left[use.key] -= 1
            else:
                fresh.append(use)
    found = []
    for use in fresh:
        if left[use.key] > 0:
            left[use.key] -= 1
        else:
            found.append(use)
    return tuple(found)


def guards_lost(before: Reading, after: Reading) -> tuple[tuple[str, str], ...]:
    """(protection, function): functions that are still there without a protection that they had, where the file has
    fewer of it than before."""
    old, new = _by_name(before), _by_name(after)
    return tuple(
        (name, owner)
        for (name, owner), count in sorted(before.guards.items())
        if old[name] > new[name] and after.guards[name, owner] < count and owner in after.owners
    )


def _by_name(one: Reading) -> Counter[str]:
    total: Counter[str] = Counter()
    for (name, _), count in one.guards.items():
        total[name] += count
    return total


class _Reader:
    """Walks a tree once, with the names that its imports bind anywhere in it."""

    def __init__(self, tree: ast.Module) -> None:
        self.uses: list[Use] = []
        self.guards: Counter[tuple[str, str]] = Counter()
        self.owners = {""}
        self.roots: dict[str, int] = {}
        self.hosts: dict[str, int] = {}
        self._bound: dict[str, str] = {}
        self._quiet: set[int] = set()
        self._own = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        for node in ast.walk(tree):
            self._import(node)
            self._set_aside(node)

    def _import(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import):
            for item in node.names:
                root = item.name.partition(".")[0]
                self.roots.setdefault(root, node.lineno)
                self._bound[item.asname or root] = item.name if item.asname else root
        elif isinstance(node, ast.ImportFrom):
            if not node.level and node.module:
                self.roots.setdefault(node.module.partition(".")[0], node.lineno)
            base = f"{'.' * node.level}{node.module or ''}"
            for item in node.names:
                self._bound[item.asname or item.name] = f"{base}.{item.name}" if node.module else f"{base}{item.name}"

    def _set_aside(self, node: ast.AST) -> None:
        """Annotations, docstrings, and what is only asked about, do nothing by themselves."""
        aside: list[ast.AST | None] = []
        if isinstance(node, ast.arg | ast.AnnAssign):
            aside.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            aside.append(node.returns)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            aside += node.args[1:2] if node.func.id in ("isinstance", "issubclass", "cast") else []
            aside += node.args[:1] if node.func.id in ("dir", "hasattr") else []
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            aside.append(node.value)
        self._quiet.update(id(part) for part in aside if part is not None and _only_names(part))

    # Names

    def full(self, node: ast.expr) -> str:
        """The dotted name by which its own module knows it; "" for what is neither imported nor a plain name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        base = self._bound.get(node.id, node.id if not parts or node.id == "__builtins__" else "")
        return _outermost([*base.split("."), *reversed(parts)]) if base else ""

    def _is_module(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Name) and self._bound.get(node.id, node.id) in MODULES and (
            node.id in self._bound or node.id == "__builtins__"
        )  # fmt: skip

    def _note(self, power: Power, name: str, node: ast.AST, owner: str) -> None:
        self.uses.append(Use(power, name, getattr(node, "lineno", 1), owner))

    # The walk

    def walk(self, node: ast.AST, owner: str) -> None:
        stack: list[tuple[ast.AST, str, bool]] = [(node, owner, False)]
        while stack:
            current, name, called = stack.pop()
            if id(current) in self._quiet:
                continue
            self._look(current, name, called)
            stack += reversed(list(self._children(current, name)))

    def _children(self, node: ast.AST, owner: str) -> Iterator[tuple[ast.AST, str, bool]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            owner = f"{owner}.{node.name}" if owner else node.name
            self.owners.add(owner)
        inner = node
        while isinstance(inner, ast.Attribute):  # a dotted name is looked at as a whole
            inner = inner.value
        if isinstance(node, ast.Attribute):
            if not isinstance(inner, ast.Name):
                yield inner, owner, False
            return
        for child in ast.iter_child_nodes(node):
            yield child, owner, isinstance(node, ast.Call) and child is node.func

    def _look(self, node: ast.AST, owner: str, called: bool) -> None:
        match node:
            case ast.Name() | ast.Attribute():
                self._name(node, owner, called)
            case ast.Constant(value=str(text)):
                self._text(text, node, owner)
            case ast.BinOp(op=ast.Add()):
                if text := _joined(node):
                    self._text(text, node, owner)
            case ast.Call():
                self._call(node, owner)
            case ast.Subscript():
                self._subscript(node, owner)
            case ast.ImportFrom(names=[ast.alias(name="*")]) if node.module in MODULES:
                self._note(Power.REFLECTION, f"from {node.module} import *", node, owner)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._decorators(node, f"{owner}.{node.name}" if owner else node.name)
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                self._settings([(k.value, v) for k, v in pairs if isinstance(k, ast.Constant)], owner)
            case ast.Assign():
                self._settings([(_target(item), node.value) for item in node.targets], owner)
            case ast.arguments():
                named = [*node.posonlyargs, *node.args][len(node.posonlyargs) + len(node.args) - len(node.defaults) :]
                given = [*zip(named, node.defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
                self._settings([(name.arg, value) for name, value in given if value is not None], owner)
            case _:
                pass

    def _name(self, node: ast.Name | ast.Attribute, owner: str, called: bool) -> None:
        full, last = self.full(node), node.attr if isinstance(node, ast.Attribute) else ""
        stored = isinstance(node.ctx, ast.Store | ast.Del)
        if last in INSIDES or full in ("__builtins__", "__loader__"):
            self._note(Power.REFLECTION, full or f"….{last}", node, owner)
        if stored:
            self._stored(node, full, owner)
            return
        if self._is_module(node):
            self._note(Power.REFLECTION, f"{full}, the module itself", node, owner)
            return
        if REFUSAL.match(last or full):
            self.guards[last or full, owner] += 1
        if last == "MODE_ECB":
            self._note(Power.TRUST, "MODE_ECB", node, owner)
        if called and last in WRITES:
            self._note(Power.WRITING, f"….{last}", node, owner)
        if full in GUARDS or full.partition(".")[0] == "defusedxml":
            self.guards[full, owner] += 1
        if full == "os.environ":
            self._note(Power.ENVIRONMENT, full, node, owner)
        if full in ("os.environ.copy", "os.environ.items", "os.environ.values"):
            self._note(Power.ENVIRONMENT, "os.environ", node, owner)
        if called and full in SETS_PATH:
            self._note(Power.PATCH, full, node, owner)
        power = power_of(full) if self._leads_out(node, full) else None
        power = power or (METHODS.get(last) if called and not full.startswith("platform.") else None)
        if power is not None and (called or not HARMLESS.search(full) or power is Power.TRUST):
            self._note(power, full if self._leads_out(node, full) else f"….{last}", node, owner)

    def _leads_out(self, node: ast.expr, full: str) -> bool:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._bound:
            return not full.startswith(".")
        return (full in BUILTINS and full not in self._own) or full.startswith("__builtins__.")

    def _stored(self, node: ast.Name | ast.Attribute, full: str, owner: str) -> None:
        if not isinstance(node, ast.Attribute):
            return
        if self._leads_out(node, full) and full not in STREAMS:
            self._note(Power.PATCH, full, node, owner)
        if node.attr == "__class__":
            self._note(Power.REFLECTION, "….__class__ is set", node, owner)

    def _text(self, text: str, node: ast.AST, owner: str) -> None:
        if match := PLACES.search(text):
            self._note(Power.PLACE, match[0], node, owner)
        if match := INSIDE_TEXT.search(text):
            self._note(Power.REFLECTION, f"`{match[0]}` in a text", node, owner)
        for match in ADDRESS.finditer(text[:5000]):
            host = (match[1] or match[2]).lower()
            if not OWN_HOST.match(host):
                self.hosts.setdefault(host, getattr(node, "lineno", 1))

    def _call(self, node: ast.Call, owner: str) -> None:
        full = self.full(node.func)
        if full in ("importlib.import_module", "__import__") and isinstance(module := _text_of(node.args[:1]), str):
            self.roots.setdefault(module.partition(".")[0], node.lineno)
        if full in ("getattr", "setattr", "delattr", "vars") and node.args:
            target = self.full(node.args[0])
            root = target.partition(".")[0]
            if root in MODULES and isinstance(node.args[0], ast.Name | ast.Attribute):
                self._note(Power.REFLECTION, f"{full}({target}, …)", node, owner)
            if full == "getattr" and len(node.args) > 1 and _is_inside(node.args[1]):
                self._note(Power.REFLECTION, "getattr of an inside", node, owner)
            if full == "setattr" and isinstance(node.args[0], ast.Name) and node.args[0].id in self._bound:
                self._note(Power.PATCH, f"setattr({target}, …)", node, owner)
        self._settings([(word.arg, word.value) for word in node.keywords], owner)
        if full in ("open", "io.open", "codecs.open") and _may_write(node):
            self._note(Power.WRITING, full, node, owner)
        if _last(node.func) in TELLS and (secret := _told(node)):
            self._note(Power.TELLING, secret, node, owner)

    def _settings(self, pairs: Sequence[tuple[object, ast.expr]], owner: str) -> None:
        for key, value in pairs:
            if not isinstance(value, ast.Constant | ast.List | ast.Tuple):
                continue
            if key in INSECURE and isinstance(value, ast.Constant) and value.value is False:
                self._note(Power.TRUST, f"{key}=False", value, owner)
            if key == "resolve_entities" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.TRUST, "resolve_entities=True", value, owner)
            if key == "allow_pickle" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.UNPICKLE, "allow_pickle=True", value, owner)
            if key == "shell" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.PROCESS, "shell=True", value, owner)
            if key == "algorithms" and isinstance(value, ast.List | ast.Tuple) and "none" in _texts(value.elts):
                self._note(Power.TRUST, 'algorithms=["none"]', value, owner)
            if key in ORIGINS and isinstance(value, ast.List | ast.Tuple) and "*" in _texts(value.elts):
                self._note(Power.TRUST, f'{key}=["*"]', value, owner)

    def _subscript(self, node: ast.Subscript, owner: str) -> None:
        full = self.full(node.value)
        if full == "os.environ":
            self._quiet.add(id(node.value))
            key = node.slice
            if isinstance(node.ctx, ast.Store) and not isinstance(key, ast.Constant):
                self._note(Power.PATCH, "os.environ[…]", node, owner)
        elif full == "sys.modules" and not isinstance(node.ctx, ast.Load):
            self._note(Power.PATCH, "sys.modules[…]", node, owner)
        elif full == "sys.modules" and not (isinstance(node.slice, ast.Name) and node.slice.id == "__name__"):
            self._note(Power.REFLECTION, "sys.modules[…]", node, owner)

    def _decorators(self, node: ast.FunctionDef | ast.AsyncFunctionDef, owner: str) -> None:
        for item in node.decorator_list:
            target = item.func if isinstance(item, ast.Call) else item
            name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")
            if GUARD_DECORATOR.search(name):
                self.guards[f"@{name}", owner] += 1


def _outermost(parts: Sequence[str]) -> str:
    """`shutil.os.system` is `os.system`: modules lead to the modules that they import."""
    start = next((n for n in range(len(parts) - 2, 0, -1) if parts[n] in MODULES and parts[n] != "signal"), 0)
    return ".".join(parts[start:])


def _target(node: ast.expr) -> object:
    """The attribute, or the key, that is assigned to."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.slice.value if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) else None


def _joined(node: ast.BinOp) -> str:
    """Texts that are added up; "" when something else is among them."""
    parts: list[str] = []
    stack: list[ast.expr] = [node]
    while stack:
        match stack.pop():
            case ast.BinOp(op=ast.Add()) as sum_:
                stack += [sum_.left, sum_.right]
            case ast.Constant(value=str(text)):
                parts.append(text)
            case _:
                return ""
    return "".join(reversed(parts))


def _may_write(node: ast.Call) -> bool:
    given = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "mode")]
    return any(not isinstance(mode, ast.Constant) or bool(set(str(mode.value)) & set("wax+")) for mode in given)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _told(node: ast.Call) -> str:
    """The name of a secret that is handed on as it is, also inside of an f-string."""
    for given in (*node.args, *(word.value for word in node.keywords)):
        parts = given.values if isinstance(given, ast.JoinedStr) else [given]
        for part in parts:
            name = _last(part.value if isinstance(part, ast.FormattedValue) else part)
            if TOLD.search(name):
                return name
    return ""


def _is_inside(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in INSIDES


def _text_of(nodes: Sequence[ast.expr]) -> object:
    return nodes[0].value if nodes and isinstance(nodes[0], ast.Constant) else None


def _only_names(node: ast.AST) -> bool:
    """Whether nothing is called in it: an annotation may run code."""
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.Constant, ast.expr_context)
    return all(isinstance(part, (*plain, ast.operator)) for part in ast.walk(node))


def _texts(nodes: Sequence[ast.expr]) -> set[object]:
    return {item.value for item in nodes if isinstance(item, ast.Constant)}
