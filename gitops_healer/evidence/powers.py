"""What code can do to the world around it, told by the names it mentions, called or not.

Effects (`code.effects`) say what a call does; this says what a name could do in the wrong hands, which is more: a
function that is only passed on, a module kept under another name, a name looked up by text. Sources: the standard
library's reference and its security considerations; the documentation of the libraries named here.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from gitops_healer.code.effects import Effect, effect_of


class Power(Enum):
    """The value ends the sentence `f ...`."""

    NETWORK = "speaks to the network"
    PROCESS = "starts or ends processes"
    CODE = "runs text as code"
    NATIVE = "calls native code"
    UNPICKLE = "builds objects from bytes that may run code"
    IMPORT = "imports what is chosen when it runs"
    REFLECTION = "reaches for names by text or from inside the interpreter"
    PATCH = "replaces something of another module"
    DELETION = "deletes files"
    WRITING = "writes files"
    TELLING = "tells a secret"
    ENVIRONMENT = "takes the whole environment, secrets included"
    PLACE = "names a place that holds secrets or starts programs"
    TRUST = "trusts whoever answers, or lets anybody in"


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


_NAMED: dict[Power, str] = {
    Power.CODE: """
        exec eval compile execfile builtins.exec builtins.eval builtins.compile runpy code codeop timeit.timeit
        timeit.repeat timeit.Timer types.FunctionType types.CodeType imp cProfile.run profile.run trace.Trace bdb pdb
        logging.config.fileConfig logging.config.listen asteval numexpr.evaluate pandas.eval js2py simpleeval idlelib
        flask.render_template_string
        """,
    Power.NATIVE: "ctypes _ctypes cffi pythoncom win32api win32com winreg _winreg sysconfig.expand_makefile_vars",
    Power.UNPICKLE: """
        pickle.load pickle.loads pickle.Unpickler _pickle cPickle marshal.load marshal.loads shelve dill cloudpickle
        joblib.load jsonpickle.decode jsonpickle.loads torch.load pandas.read_pickle yaml.load_all
        yaml.unsafe_load yaml.unsafe_load_all yaml.full_load yaml.Loader yaml.UnsafeLoader yaml.FullLoader
        yaml.CLoader multiprocessing.connection xmlrpc.server sklearn.externals.joblib.load copyreg
        """,
    Power.IMPORT: """
        __import__ builtins.__import__ importlib.import_module importlib.__import__ importlib.util.spec_from_loader
        importlib.util.spec_from_file_location importlib.util.module_from_spec
        importlib.machinery importlib.reload pkgutil.resolve_name zipimport sys.meta_path sys.path_hooks
        pkg_resources.require site.addsitedir
        """,
    Power.REFLECTION: "sys._getframe sys.settrace sys.setprofile sys.addaudithook sys._current_frames gc.get_objects",
    Power.DELETION: """
        shutil.rmtree os.remove os.unlink os.rmdir os.removedirs os.truncate shutil.move send2trash
        """,
    Power.TRUST: """
        ssl.CERT_NONE ssl._create_unverified_context ssl._create_stdlib_context urllib3.disable_warnings
        paramiko.AutoAddPolicy paramiko.WarningPolicy paramiko.client.AutoAddPolicy
        django.views.decorators.csrf.csrf_exempt os.setuid os.setgid os.seteuid
        """,
    Power.NETWORK: "webbrowser antigravity http.server wsgiref.simple_server asyncio.start_unix_server",
    Power.PROCESS: """
        _posixsubprocess posix nt commands multiprocessing.Process concurrent.futures.ProcessPoolExecutor os.dup2
        os.spawnve os.spawnvp os.spawnlp os.execvpe os.execlpe os.execle os.posix_spawnp plumbum signal.pthread_kill
        """,
}
_POWER_OF = {name: power for power, names in _NAMED.items() for name in names.split()}
_BUILTINS = frozenset(("exec", "eval", "compile", "execfile", "__import__"))
_BY_EFFECT = {Effect.NETWORK: Power.NETWORK, Effect.PROCESS: Power.PROCESS}

_METHODS = {
    **dict.fromkeys(("create_subprocess_exec", "create_subprocess_shell", "popen", "Popen"), Power.PROCESS),
    **dict.fromkeys(("system", "exec_command", "subprocess_exec", "subprocess_shell"), Power.PROCESS),
    **dict.fromkeys(("create_connection", "open_connection", "urlopen", "sendto", "sendall"), Power.NETWORK),
    **dict.fromkeys(("rmtree", "unlink", "rmdir"), Power.DELETION),
    **dict.fromkeys(("import_module", "load_module", "exec_module"), Power.IMPORT),
}  # fmt: skip
"""Methods that say what they do, whatever they are called on."""
_WRITES = ("write_text", "write_bytes")
_INSIDES = frozenset(
    "__subclasses__ __globals__ __builtins__ __code__ __closure__ f_globals f_builtins f_locals gi_frame cr_frame "
    "__getattribute__ __loader__ tb_frame".split()
)
_MODULES = frozenset(
    "os sys subprocess socket builtins ctypes importlib shutil posix nt pty signal __builtins__".split()
)
"""Modules that, kept under another name or handed on, can do anything."""
_STREAMS = frozenset(("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.excepthook", "sys.displayhook"))
_SETS_PATH = ("sys.path.append", "sys.path.insert", "sys.path.extend", "sys.modules.update", "sys.modules.setdefault")
_HARMLESS = re.compile(r"(?:Error|Exception|Warning|Timeout|Expired|timeout|error|herror|gaierror)$|^[A-Z][A-Z0-9_]+$")
_PLACES = re.compile(
    r"\.ssh(?:/|$)|authorized_keys|id_(?:rsa|ed25519|ecdsa)|\.aws/|\.netrc|\.pypirc|\.npmrc|\.git-credentials|\.git/hooks"
    r"|\.docker/config|\.kube/|\.gnupg|\.(?:bash|zsh)(?:rc|_profile|env)|\.profile$"
    r"|/etc/(?:passwd|shadow|sudoers|cron|ld\.so)|/proc/(?:self|\d+|\{)|/dev/(?:tcp|mem)|crontab|sitecustomize"
    r"|usercustomize|/bin/(?:ba|z|da)?sh\b|LD_PRELOAD|PYTHONSTARTUP"
    r"|169\.254\.169\.254|metadata\.google|docker\.sock|\\Run\\|Login Data$|wallet\.dat"
)
_ADDRESS = re.compile(r"\b(?:https?|ftp|wss?|tcp)://(?:[^\s/@]+@)?([\w.-]+)|\b((?:\d{1,3}\.){3}\d{1,3})\b")
_OWN_HOST = re.compile(
    r"^(?:localhost|127\..*|0\.0\.0\.0|(?:.*\.)?example(?:\.\w+)?|(?:.*\.)?(?:test|invalid|w3\.org))$"
)
_INSIDE_TEXT = re.compile("__(?:builtins|import|globals|subclasses|code)__")
_TELLS = frozenset(("print", "debug", "info", "warning", "error", "exception", "critical", "log", "echo"))
_TOLD = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|secret_key|api_key|private_key|access_key)$", re.IGNORECASE
)
_REFUSAL = re.compile(
    r"^(?:PermissionError|PermissionDenied|AccessDenied|\w*Forbidden\w*|\w*Unauthori[sz]ed\w*|NotAuthenticated|"
    r"SuspiciousOperation)$"
)
_INSECURE = frozenset(
    ("verify", "verify_ssl", "verify_certs", "ssl_verify", "check_hostname", "verify_signature", "ssl", "tls_verify",
     "cert_reqs", "autoescape", "httponly", "secure", "host_key_checking", "signature_required", "csrf")
)  # fmt: skip
_ORIGINS = ("allow_origins", "origins")
_GUARDS = frozenset(
    """
    hmac.compare_digest secrets.compare_digest shlex.quote pipes.quote html.escape markupsafe.escape flask.escape
    werkzeug.utils.secure_filename secrets.token_hex secrets.token_bytes secrets.token_urlsafe secrets.choice
    secrets.randbelow secrets.SystemRandom bleach.clean nh3.clean django.utils.html.escape
    django.utils.html.format_html defusedxml hashlib.scrypt hashlib.pbkdf2_hmac bcrypt.hashpw bcrypt.checkpw
    """.split()
)
_GUARD_DECORATOR = re.compile(
    r"(?:login|permission|auth|staff|superuser|admin|csrf|token|jwt|role|scope)s?_?\w*(?:require|protect)|require[sd]?_?\w*"
    r"(?:login|permission|auth|role|scope|admin|token)|^csrf_protect$|^authenticated$|^rate_?limit|permission_classes"
)


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


def power_of(name: str) -> Power | None:
    """name: full dotted name of something outside; the longest prefix that is known counts."""
    prefix = name
    while prefix:
        if prefix in _POWER_OF:
            return _POWER_OF[prefix]
        prefix = prefix.rpartition(".")[0]
    effect = effect_of(name)
    return _BY_EFFECT.get(effect) if effect else None


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
        return isinstance(node, ast.Name) and self._bound.get(node.id, node.id) in _MODULES and (
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
            case ast.ImportFrom(names=[ast.alias(name="*")]) if node.module in _MODULES:
                self._note(Power.REFLECTION, f"from {node.module} import *", node, owner)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._decorators(node, f"{owner}.{node.name}" if owner else node.name)
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                self._settings([(k.value, v) for k, v in pairs if isinstance(k, ast.Constant)], node, owner)
            case ast.Assign():
                self._settings([(_target(item), node.value) for item in node.targets], node, owner)
            case ast.arguments():
                named = [*node.posonlyargs, *node.args][len(node.posonlyargs) + len(node.args) - len(node.defaults) :]
                given = [*zip(named, node.defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
                self._settings([(name.arg, value) for name, value in given if value is not None], node, owner)
            case _:
                pass

    def _name(self, node: ast.Name | ast.Attribute, owner: str, called: bool) -> None:
        full, last = self.full(node), node.attr if isinstance(node, ast.Attribute) else ""
        stored = isinstance(node.ctx, ast.Store | ast.Del)
        if last in _INSIDES or full in ("__builtins__", "__loader__"):
            self._note(Power.REFLECTION, full or f"….{last}", node, owner)
        if stored:
            self._stored(node, full, owner)
            return
        if self._is_module(node):
            self._note(Power.REFLECTION, f"{full}, the module itself", node, owner)
            return
        if _REFUSAL.match(last or full):
            self.guards[last or full, owner] += 1
        if last == "MODE_ECB":
            self._note(Power.TRUST, "MODE_ECB", node, owner)
        if called and last in _WRITES:
            self._note(Power.WRITING, f"….{last}", node, owner)
        if full in _GUARDS or full.partition(".")[0] == "defusedxml":
            self.guards[full, owner] += 1
        if full == "os.environ":
            self._note(Power.ENVIRONMENT, full, node, owner)
        if full in ("os.environ.copy", "os.environ.items", "os.environ.values"):
            self._note(Power.ENVIRONMENT, "os.environ", node, owner)
        if called and full in _SETS_PATH:
            self._note(Power.PATCH, full, node, owner)
        power = power_of(full) if self._leads_out(node, full) else None
        power = power or (_METHODS.get(last) if called and not full.startswith("platform.") else None)
        if power is not None and (called or not _HARMLESS.search(full) or power is Power.TRUST):
            self._note(power, full if self._leads_out(node, full) else f"….{last}", node, owner)

    def _leads_out(self, node: ast.expr, full: str) -> bool:
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._bound:
            return not full.startswith(".")
        return (full in _BUILTINS and full not in self._own) or full.startswith("__builtins__.")

    def _stored(self, node: ast.Name | ast.Attribute, full: str, owner: str) -> None:
        if not isinstance(node, ast.Attribute):
            return
        if self._leads_out(node, full) and full not in _STREAMS:
            self._note(Power.PATCH, full, node, owner)
        if node.attr == "__class__":
            self._note(Power.REFLECTION, "….__class__ is set", node, owner)

    def _text(self, text: str, node: ast.AST, owner: str) -> None:
        if match := _PLACES.search(text):
            self._note(Power.PLACE, match[0], node, owner)
        if match := _INSIDE_TEXT.search(text):
            self._note(Power.REFLECTION, f"`{match[0]}` in a text", node, owner)
        for match in _ADDRESS.finditer(text[:5000]):
            host = (match[1] or match[2]).lower()
            if not _OWN_HOST.match(host):
                self.hosts.setdefault(host, getattr(node, "lineno", 1))

    def _call(self, node: ast.Call, owner: str) -> None:
        full = self.full(node.func)
        if full in ("importlib.import_module", "__import__") and isinstance(module := _text_of(node.args[:1]), str):
            self.roots.setdefault(module.partition(".")[0], node.lineno)
        if full in ("getattr", "setattr", "delattr", "vars") and node.args:
            target = self.full(node.args[0])
            root = target.partition(".")[0]
            if root in _MODULES and isinstance(node.args[0], ast.Name | ast.Attribute):
                self._note(Power.REFLECTION, f"{full}({target}, …)", node, owner)
            if full == "getattr" and len(node.args) > 1 and _is_inside(node.args[1]):
                self._note(Power.REFLECTION, "getattr of an inside", node, owner)
            if full == "setattr" and isinstance(node.args[0], ast.Name) and node.args[0].id in self._bound:
                self._note(Power.PATCH, f"setattr({target}, …)", node, owner)
        self._settings([(word.arg, word.value) for word in node.keywords], node, owner)
        if full in ("open", "io.open", "codecs.open") and _may_write(node):
            self._note(Power.WRITING, full, node, owner)
        if _last(node.func) in _TELLS and (secret := _told(node)):
            self._note(Power.TELLING, secret, node, owner)

    def _settings(self, pairs: Sequence[tuple[object, ast.expr]], node: ast.AST, owner: str) -> None:
        for key, value in pairs:
            if not isinstance(value, ast.Constant | ast.List | ast.Tuple):
                continue
            if key in _INSECURE and isinstance(value, ast.Constant) and value.value is False:
                self._note(Power.TRUST, f"{key}=False", value, owner)
            if key == "resolve_entities" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.TRUST, "resolve_entities=True", value, owner)
            if key == "allow_pickle" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.UNPICKLE, "allow_pickle=True", value, owner)
            if key == "shell" and isinstance(value, ast.Constant) and value.value is True:
                self._note(Power.PROCESS, "shell=True", value, owner)
            if key == "algorithms" and isinstance(value, ast.List | ast.Tuple) and "none" in _texts(value.elts):
                self._note(Power.TRUST, 'algorithms=["none"]', value, owner)
            if key in _ORIGINS and isinstance(value, ast.List | ast.Tuple) and "*" in _texts(value.elts):
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
            if _GUARD_DECORATOR.search(name):
                self.guards[f"@{name}", owner] += 1


def _outermost(parts: Sequence[str]) -> str:
    """`shutil.os.system` is `os.system`: modules lead to the modules that they import."""
    start = next((n for n in range(len(parts) - 2, 0, -1) if parts[n] in _MODULES and parts[n] != "signal"), 0)
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
            if _TOLD.search(name):
                return name
    return ""


def _is_inside(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value in _INSIDES


def _text_of(nodes: Sequence[ast.expr]) -> object:
    return nodes[0].value if nodes and isinstance(nodes[0], ast.Constant) else None


def _only_names(node: ast.AST) -> bool:
    """Whether nothing is called in it: an annotation may run code."""
    plain = (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.BinOp, ast.Constant, ast.expr_context)
    return all(isinstance(part, (*plain, ast.operator)) for part in ast.walk(node))


def _texts(nodes: Sequence[ast.expr]) -> set[object]:
    return {item.value for item in nodes if isinstance(item, ast.Constant)}
