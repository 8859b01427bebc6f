"""By which names code gets power over the world around it.

Sources: the standard library's reference and its security considerations; the documentation of the libraries named.
"""

import re
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


NAMED: dict[Power, str] = {
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
POWER_OF = {name: power for power, names in NAMED.items() for name in names.split()}
BUILTINS = frozenset(("exec", "eval", "compile", "execfile", "__import__"))
BY_EFFECT = {Effect.NETWORK: Power.NETWORK, Effect.PROCESS: Power.PROCESS}

METHODS = {
    **dict.fromkeys(("create_subprocess_exec", "create_subprocess_shell", "popen", "Popen"), Power.PROCESS),
    **dict.fromkeys(("system", "exec_command", "subprocess_exec", "subprocess_shell"), Power.PROCESS),
    **dict.fromkeys(("create_connection", "open_connection", "urlopen", "sendto", "sendall"), Power.NETWORK),
    **dict.fromkeys(("rmtree", "unlink", "rmdir"), Power.DELETION),
    **dict.fromkeys(("import_module", "load_module", "exec_module"), Power.IMPORT),
}  # fmt: skip
"""Methods that say what they do, whatever they are called on."""
WRITES = ("write_text", "write_bytes")
INSIDES = frozenset(
    "__subclasses__ __globals__ __builtins__ __code__ __closure__ f_globals f_builtins f_locals gi_frame cr_frame "
    "__getattribute__ __loader__ tb_frame".split()
)
MODULES = frozenset(
    "os sys subprocess socket builtins ctypes importlib shutil posix nt pty signal __builtins__".split()
)
"""Modules that, kept under another name or handed on, can do anything."""
STREAMS = frozenset(("sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.excepthook", "sys.displayhook"))
SETS_PATH = ("sys.path.append", "sys.path.insert", "sys.path.extend", "sys.modules.update", "sys.modules.setdefault")
HARMLESS = re.compile(r"(?:Error|Exception|Warning|Timeout|Expired|timeout|error|herror|gaierror)$|^[A-Z][A-Z0-9_]+$")
PLACES = re.compile(
    r"\.ssh(?:/|$)|authorized_keys|id_(?:rsa|ed25519|ecdsa)|\.aws/|\.netrc|\.pypirc|\.npmrc|\.git-credentials|\.git/hooks"
    r"|\.docker/config|\.kube/|\.gnupg|\.(?:bash|zsh)(?:rc|_profile|env)|\.profile$"
    r"|/etc/(?:passwd|shadow|sudoers|cron|ld\.so)|/proc/(?:self|\d+|\{)|/dev/(?:tcp|mem)|crontab|sitecustomize"
    r"|usercustomize|/bin/(?:ba|z|da)?sh\b|LD_PRELOAD|PYTHONSTARTUP"
    r"|169\.254\.169\.254|metadata\.google|docker\.sock|\\Run\\|Login Data$|wallet\.dat"
)
ADDRESS = re.compile(r"\b(?:https?|ftp|wss?|tcp)://(?:[^\s/@]+@)?([\w.-]+)|\b((?:\d{1,3}\.){3}\d{1,3})\b")
OWN_HOST = re.compile(
    r"^(?:localhost|127\..*|0\.0\.0\.0|(?:.*\.)?example(?:\.\w+)?|(?:.*\.)?(?:test|invalid|w3\.org))$"
)
INSIDE_TEXT = re.compile("__(?:builtins|import|globals|subclasses|code)__")
TELLS = frozenset(("print", "debug", "info", "warning", "error", "exception", "critical", "log", "echo"))
TOLD = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|secret_key|api_key|private_key|access_key)$", re.IGNORECASE
)
REFUSAL = re.compile(
    r"^(?:PermissionError|PermissionDenied|AccessDenied|\w*Forbidden\w*|\w*Unauthori[sz]ed\w*|NotAuthenticated|"
    r"SuspiciousOperation)$"
)
INSECURE = frozenset(
    ("verify", "verify_ssl", "verify_certs", "ssl_verify", "check_hostname", "verify_signature", "ssl", "tls_verify",
     "cert_reqs", "autoescape", "httponly", "secure", "host_key_checking", "signature_required", "csrf")
)  # fmt: skip
ORIGINS = ("allow_origins", "origins")
GUARDS = frozenset(
    """
    hmac.compare_digest secrets.compare_digest shlex.quote pipes.quote html.escape markupsafe.escape flask.escape
    werkzeug.utils.secure_filename secrets.token_hex secrets.token_bytes secrets.token_urlsafe secrets.choice
    secrets.randbelow secrets.SystemRandom bleach.clean nh3.clean django.utils.html.escape
    django.utils.html.format_html defusedxml hashlib.scrypt hashlib.pbkdf2_hmac bcrypt.hashpw bcrypt.checkpw
    """.split()
)
GUARD_DECORATOR = re.compile(
    r"(?:login|permission|auth|staff|superuser|admin|csrf|token|jwt|role|scope)s?_?\w*(?:require|protect)|require[sd]?_?\w*"
    r"(?:login|permission|auth|role|scope|admin|token)|^csrf_protect$|^authenticated$|^rate_?limit|permission_classes"
)


def power_of(name: str) -> Power | None:
    """name: full dotted name of something outside; the longest prefix that is known counts."""
    prefix = name
    while prefix:
        if prefix in POWER_OF:
            return POWER_OF[prefix]
        prefix = prefix.rpartition(".")[0]
    effect = effect_of(name)
    return BY_EFFECT.get(effect) if effect else None
