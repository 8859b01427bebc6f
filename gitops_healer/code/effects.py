"""What calls do beyond giving a value: by the dotted name of what is called, through the imports of the file.

Sources: the standard library's reference and the documentation of the libraries named here. What is not known is
UNKNOWN, never pure.
"""

import builtins
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from gitops_healer.code.facts import Facts


class Effect(Enum):
    """What code does besides computing a value from its arguments."""

    NETWORK = "network"
    FILES = "files"
    PROCESS = "processes"
    CONCURRENCY = "concurrency"
    DATABASE = "database"
    CONSOLE = "console"
    PRESENTATION = "presentation"
    PARSING = "parsing"
    SERIALISATION = "serialisation"
    CLOCK = "clock"
    RANDOMNESS = "randomness"
    GLOBAL_STATE = "global state"
    LOGGING = "logging"
    UNKNOWN = "unknown"

    @property
    def is_pure(self) -> bool:
        """Whether it only computes; parsing and serialisation are concerns, not effects on the world."""
        return self in (Effect.PARSING, Effect.SERIALISATION, Effect.PRESENTATION)


class Cause(NamedTuple):
    """An effect, and what is called for it (as written, `path.open`)."""

    effect: Effect
    callee: str


# Dotted names and the modules whose every function does it; the longest that fits counts.
_TABLE: dict[Effect, str] = {
    Effect.NETWORK: """
        socket ssl socketserver ftplib smtplib poplib imaplib nntplib telnetlib xmlrpc.client http.client http.server
        urllib.request urllib.robotparser asyncio.open_connection asyncio.start_server requests httpx aiohttp urllib3
        httplib2 pycurl websockets websocket grpc paramiko boto3 botocore kafka pika redis.Redis redis.from_url zmq
        dns.resolver google.cloud kubernetes docker github.Github selenium playwright twisted tornado.httpclient
        treq pymemcache ldap3
        """,
    Effect.FILES: """
        open io.open io.FileIO io.open_code os.fdopen os.getxattr os.setxattr os.sync os.fsync os.mknod
        codecs.open shutil tempfile glob fileinput filecmp linecache os.open
        os.read os.write os.close os.remove os.unlink os.rename os.renames os.replace os.mkdir os.makedirs os.rmdir
        os.removedirs os.listdir os.scandir os.walk os.fwalk os.stat os.lstat os.fstat os.chmod os.chown os.link
        os.symlink os.readlink os.truncate os.utime os.access os.mkfifo os.statvfs os.path.exists os.path.lexists
        os.path.isfile os.path.isdir os.path.islink os.path.ismount os.path.getsize os.path.getmtime os.path.getatime
        os.path.getctime os.path.realpath os.path.samefile pathlib.Path.home pathlib.Path.cwd tarfile zipfile
        gzip.open bz2.open lzma.open mmap.mmap dbm shelve aiofiles fcntl msvcrt watchdog numpy.load numpy.save
        numpy.loadtxt numpy.savetxt importlib.resources importlib.metadata pkgutil.get_data filelock netrc pygit2
        git.Repo
        http.cookiejar.FileCookieJar http.cookiejar.MozillaCookieJar http.cookiejar.LWPCookieJar
        pandas.DataFrame.to_csv
        pandas.DataFrame.to_parquet numpy.fromfile numpy.genfromtxt
        """,
    Effect.PROCESS: """
        subprocess os.system os.popen os.fork os.forkpty os.execv os.execve os.execvp os.execl os.execlp os.spawnv
        os.spawnl os.posix_spawn os.kill os.killpg os.wait os.waitpid os._exit os.abort os.startfile pty
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell psutil sh pexpect invoke.run fabric
        """,
    Effect.CONCURRENCY: """
        multiprocessing threading concurrent.futures queue asyncio.create_task asyncio.ensure_future asyncio.gather
        asyncio.run trio anyio gevent eventlet asyncio.Lock asyncio.Event asyncio.Queue asyncio.Semaphore asyncio.wait
        asyncio.wait_for asyncio.TaskGroup asyncio.to_thread asyncio.get_event_loop asyncio.get_running_loop
        """,
    Effect.DATABASE: """
        sqlite3 psycopg psycopg2 asyncpg aiosqlite pymysql MySQLdb mysql.connector cx_Oracle oracledb pyodbc pymongo
        motor peewee.Database sqlalchemy.create_engine sqlalchemy.orm.Session sqlalchemy.orm.sessionmaker duckdb
        cassandra elasticsearch pandas.read_sql pandas.read_sql_query pandas.read_sql_table django.db.connection
        django.db.connections django.db.transaction
        """,
    Effect.CONSOLE: """
        print input getpass.getpass pprint.pprint pprint.pp sys.stdout sys.stderr sys.stdin click.echo click.secho
        click.prompt click.confirm typer.echo typer.secho typer.prompt typer.confirm rich.print curses readline tqdm
        traceback.print_exc traceback.print_exception traceback.print_stack warnings.showwarning breakpoint
        """,
    Effect.PRESENTATION: """
        jinja2 mako flask.render_template flask.render_template_string django.shortcuts.render
        django.template.loader.render_to_string django.template.Template django.utils.html.format_html
        tabulate.tabulate prettytable rich.table.Table rich.markdown matplotlib plotly seaborn tkinter docutils.core
        markdown.markdown reportlab weasyprint PyQt5 PyQt6 PySide6
        """,
    Effect.PARSING: """
        json.load json.loads csv.reader csv.DictReader xml.etree.ElementTree.parse xml.etree.ElementTree.fromstring
        xml.etree.ElementTree.XML xml.etree.ElementTree.iterparse xml.dom.minidom xml.sax lxml.etree.parse
        lxml.etree.fromstring lxml.html defusedxml html.parser html5lib bs4 configparser tomllib tomli toml.load
        toml.loads yaml.load yaml.safe_load yaml.load_all yaml.safe_load_all ruamel.yaml ast.parse ast.literal_eval
        tokenize yaml.SafeLoader yaml.CSafeLoader yaml.FullLoader yaml.compose email.message_from_string
        email.message_from_bytes email.parser
        pickle.load pickle.loads marshal.load marshal.loads plistlib.load plistlib.loads simplejson.load
        simplejson.loads ujson.loads orjson.loads msgpack.unpackb pandas.read_csv pandas.read_json pandas.read_excel
        openpyxl.load_workbook sqlparse libcst.parse_module
        """,
    Effect.SERIALISATION: """
        json.dump json.dumps csv.writer csv.DictWriter xml.etree.ElementTree.tostring lxml.etree.tostring toml.dump
        toml.dumps tomli_w yaml.dump yaml.safe_dump yaml.dump_all yaml.safe_dump_all pickle.dump pickle.dumps
        marshal.dump marshal.dumps plistlib.dump plistlib.dumps simplejson.dump simplejson.dumps ujson.dumps
        orjson.dumps msgpack.packb
        """,
    Effect.CLOCK: """
        time.time time.time_ns time.monotonic time.monotonic_ns time.perf_counter time.perf_counter_ns
        time.process_time time.process_time_ns time.localtime time.gmtime time.thread_time
        datetime.date.fromtimestamp arrow.now arrow.utcnow pendulum.now time.ctime time.asctime time.sleep
        datetime.datetime.now datetime.datetime.utcnow datetime.datetime.today datetime.date.today asyncio.sleep
        django.utils.timezone.now django.utils.timezone.localtime sched
        """,
    Effect.RANDOMNESS: """
        random secrets uuid.uuid1 uuid.uuid4 os.urandom os.getrandom numpy.random ssl.RAND_bytes id
        """,
    Effect.GLOBAL_STATE: """
        os.environ os.getenv os.putenv os.unsetenv os.umask os.nice os.getpid os.getppid os.getuid os.getlogin
        os.cpu_count os.getcwd os.chdir os.path.abspath os.path.expanduser os.path.expandvars signal sys.exit exit
        quit sys.setrecursionlimit sys.settrace sys.setprofile sys.addaudithook sys.getrecursionlimit locale.setlocale
        gc warnings.warn warnings.simplefilter warnings.filterwarnings warnings.catch_warnings atexit
        importlib.import_module importlib.reload __import__ exec eval globals setattr delattr socket.setdefaulttimeout
        contextvars platform decimal.setcontext random.seed sys.path sys.modules sys.argv argparse winreg
        urllib.request.getproxies
        sys.setswitchinterval sys.settrace
        resource os.environb os.get_exec_path os.getenvb os.sched_getaffinity os.getgid os.uname
        contextlib.redirect_stdout
        contextlib.redirect_stderr contextlib.chdir
        """,
    Effect.LOGGING: """
        logging syslog structlog loguru
        """,
}
_EFFECT_OF = {name: effect for effect, names in _TABLE.items() for name in names.split()}

_PURE = frozenset(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format
    frozenset hash hex int isinstance issubclass len list map max memoryview min oct ord pow range repr reversed round
    set slice sorted str sum tuple type zip object staticmethod classmethod property getattr hasattr super iter next
    ArithmeticError AssertionError AttributeError BaseException Exception FileExistsError FileNotFoundError
    ImportError IndexError KeyError KeyboardInterrupt LookupError NotImplementedError OSError OverflowError
    PermissionError RecursionError RuntimeError StopIteration SyntaxError TimeoutError TypeError UnicodeError
    ValueError ZeroDivisionError UserWarning DeprecationWarning math cmath statistics fractions decimal.Decimal
    itertools functools.partial functools.reduce functools.cmp_to_key operator collections string re copy.copy
    copy.deepcopy bisect heapq dataclasses enum typing abc numbers hashlib hmac.compare_digest unicodedata difflib
    datetime.datetime datetime.date datetime.time datetime.timedelta datetime.timezone calendar os.path.join
    os.path.basename os.path.dirname os.path.split os.path.splitext os.path.normpath os.path.isabs
    os.path.commonprefix os.path.commonpath os.path.normcase os.path.splitdrive os.fspath os.fsencode os.fsdecode
    pathlib.PurePath pathlib.PurePosixPath pathlib.PureWindowsPath pathlib.Path urllib.parse textwrap html.escape
    html.unescape ipaddress struct base64 shlex dateutil.parser time.strptime time.strftime zlib.crc32 zlib.compress
    zlib.decompress binascii colorsys types contextlib.contextmanager contextlib.asynccontextmanager
    contextlib.suppress
    contextlib.closing contextlib.nullcontext contextlib.ExitStack contextlib.AsyncExitStack
    contextlib.AbstractContextManager contextlib.ContextDecorator functools weakref array zoneinfo graphlib
    typing_extensions
    attr attrs ast keyword token pprint.pformat io.StringIO io.BytesIO sys.getsizeof sys.intern sys.version_info
    sys.maxsize sys.byteorder sys.float_info sys.platform email.message email.mime email.utils http.HTTPStatus fnmatch
    reprlib codecs.encode codecs.decode codecs.lookup hmac secrets.compare_digest gzip.compress gzip.decompress
    bz2.compress bz2.decompress lzma.compress lzma.decompress inspect traceback.format_exc traceback.format_exception
    traceback.format_tb traceback.extract_tb traceback.format_exception_only numpy more_itertools pydantic locals vars
    dir ellipsis NotImplemented sys.exc_info sys.version sys.implementation sys.hexversion sys.maxunicode os.sep
    os.linesep os.name os.path.sep os.path.relpath BaseExceptionGroup ExceptionGroup BytesWarning FutureWarning
    PendingDeprecationWarning RuntimeWarning SyntaxWarning Warning ImportWarning ResourceWarning UnicodeWarning
    UnicodeDecodeError UnicodeEncodeError StopAsyncIteration ModuleNotFoundError NameError UnboundLocalError
    ConnectionError BrokenPipeError ChildProcessError InterruptedError IsADirectoryError NotADirectoryError
    ProcessLookupError BlockingIOError EOFError BufferError FloatingPointError IndentationError GeneratorExit
    SystemExit EnvironmentError IOError aiter anext mimetypes.guess_type html.entities stringprep quopri
    http.cookiejar http.cookies urllib3.util urllib3.exceptions urllib3.fields
    requests.exceptions requests.structures requests.Request idna unidecode text_unidecode rapidfuzz rich.markup
    packaging sortedcontainers
    sys.stdlib_module_names
    """.split()
)
"""Builtins and modules of the standard library that only compute. `getattr` and `iter` run code of their argument,
which is as pure as any operator."""

_METHODS: dict[str, Effect] = {
    **dict.fromkeys(
        ("write_text", "write_bytes", "read_text", "read_bytes", "iterdir", "rglob", "mkdir", "unlink", "rmdir",
         "touch", "is_file", "is_dir", "writelines", "readlines", "symlink_to", "hardlink_to"),
        Effect.FILES,
    ),
    **dict.fromkeys(
        ("fetchone", "fetchall", "fetchmany", "executemany", "executescript", "cursor"), Effect.DATABASE
    ),
    **dict.fromkeys(("sendall", "recvfrom", "sendto", "urlopen"), Effect.NETWORK),
}  # fmt: skip
"""Methods whose names tell what they do, whatever they are called on."""
_OF_PATHS = frozenset(
    """
    absolute chmod copy copy_into cwd exists expanduser glob group hardlink_to home is_block_device is_char_device
    is_dir is_fifo is_file is_junction is_mount is_socket is_symlink iterdir lchmod link_to lstat mkdir move move_into
    open owner read_bytes read_text readlink rename replace resolve rglob rmdir samefile stat symlink_to touch unlink
    walk write_bytes write_text
    """.split()
)
"""What `pathlib.Path` asks of the file system (docs.python.org/3/library/pathlib.html, concrete paths)."""
_OWN = frozenset({"self", "cls"})
_BUILTINS = frozenset(dir(builtins))


class Names:
    """Says what names of one file lead to."""

    def __init__(self, facts: Facts) -> None:
        self._imported: dict[str, str] = {}
        for item in facts.imports:
            dots = "." * item.level
            for name, bound in item.names:
                self._imported[bound] = f"{dots}{item.module}.{name}" if item.module else f"{dots}{name}"
            if not item.names:
                self._imported[item.bound] = item.module if item.bound != item.module.partition(".")[0] else item.bound
        self._own = facts.names

    def full(self, dotted: str) -> str:
        """The dotted name by which its own module knows it, with dots in front after a relative import; "" for what is
        neither imported nor a builtin: a variable, an attribute of one, a function of this file."""
        head, _, rest = dotted.partition(".")
        base = self._imported.get(head)
        if base is None:
            return dotted if head in _BUILTINS and head not in self._own else ""
        return f"{base}.{rest}" if rest else base


@lru_cache(maxsize=8192)
def effect_of(name: str) -> Effect | None:
    """What calling a full dotted name does; None when it only computes."""
    prefix = name
    while prefix and not prefix.startswith("."):
        if prefix in _EFFECT_OF:
            return _EFFECT_OF[prefix]
        if prefix in _PURE:
            return None
        prefix = prefix.rpartition(".")[0]
    return _METHODS.get(name.rpartition(".")[2], Effect.UNKNOWN) if "." in name else Effect.UNKNOWN


def effect_of_method(maker: str, method: str) -> Effect | None:
    """What a method does of an object that a call of the dotted name `maker` gave; None when it only computes."""
    if maker.startswith("pathlib.Path"):
        return Effect.FILES if method in _OF_PATHS else None
    effect = effect_of(f"{maker}.{method}")
    return _METHODS.get(method, effect) if effect is Effect.UNKNOWN else effect


def causes(names: Names, calls: Iterable[str]) -> tuple[Cause, ...]:
    """What these calls do, for each call that does something, as written in the file."""
    found = []
    for call in calls:
        effect = effect_of(names.full(call) or f"?.{call.rpartition('.')[2]}")
        if effect is not None:
            found.append(Cause(effect, call))
    return tuple(found)


def causes_of(facts: Facts, index: int) -> tuple[Cause, ...]:
    """What a function does, also through functions of its file that it calls and methods of its own class, and
    functions inside of it. index: into `facts.definitions`."""
    reach = _Reach(facts)
    names = Names(facts)
    found = {cause for number in reach.of(index) for cause in causes(names, reach.outer_calls(number))}
    return tuple(sorted(found, key=lambda cause: (cause.effect.value, cause.callee)))


def effects_of(facts: Facts, index: int) -> frozenset[Effect]:
    """The effects of `causes_of`. Empty, or pure ones alone: it only computes, as far as its calls tell; assignments
    to attributes, items and `global` names are not looked at."""
    return frozenset(cause.effect for cause in causes_of(facts, index))


class _Reach:
    """Which functions of a file a function calls."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._number = {item.qualname: n for n, item in enumerate(facts.definitions) if not item.is_class}

    def of(self, index: int) -> list[int]:
        seen, stack = {index}, [index]
        while stack:
            number = stack.pop()
            for call in self._facts.details.calls[number]:
                called = self._resolve(number, call)
                if called is not None and called not in seen:
                    seen.add(called)
                    stack.append(called)
        return sorted(seen)

    def outer_calls(self, index: int) -> list[str]:
        """Calls that lead out of the file, or nobody knows where."""
        return [call for call in self._facts.details.calls[index] if self._resolve(index, call) is None]

    def _resolve(self, index: int, call: str) -> int | None:
        """The function of this file that is called, by scope; a method by the class around."""
        scope = self._facts.definitions[index].qualname
        head, _, rest = call.partition(".")
        if head in _OWN and rest:
            return self._number.get(f"{scope.rpartition('.')[0]}.{rest}")
        while scope:
            if (inner := self._number.get(f"{scope}.<locals>.{call}")) is not None:
                return inner
            scope = scope.rpartition(".<locals>.")[0]
        return self._number.get(call)


# Concerns

_CONCERN_OF: Mapping[Effect, str] = {
    Effect.NETWORK: "network",
    Effect.FILES: "files",
    Effect.PROCESS: "processes",
    Effect.DATABASE: "database",
    Effect.PARSING: "parsing and serialisation",
    Effect.SERIALISATION: "parsing and serialisation",
    Effect.CONSOLE: "presentation",
    Effect.PRESENTATION: "presentation",
}


def concern_of(effect: Effect) -> str:
    """What a reader would call it, "" for effects that are no concern of their own."""
    return _CONCERN_OF.get(effect, "")


def concerns_by_call(facts: Facts) -> dict[str, str]:
    """The concern that each call in the functions of a file serves, by the call as written; others are left out."""
    calls = set().union(*facts.details.calls)
    found = {cause.callee: concern_of(cause.effect) for cause in causes(Names(facts), calls)}
    return {callee: concern for callee, concern in found.items() if concern}
