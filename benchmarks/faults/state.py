"""What was called before decides."""

from faults.model import Truth, fault

DEFAULT = '''
@tool
def basket(article, pieces=[]):
    """Articles of one visit."""
    pieces.append(article)
    if len(pieces) > 60:
        raise OverflowError(f"{len(pieces)} articles in one basket")
    return article
'''
CACHE = """
_CACHE = {}
ROOM = 60


@tool
def rendered(template, number):
    key = (template, number)
    if key not in _CACHE:
        if len(_CACHE) >= ROOM:
            raise RuntimeError("no room for another page")
        _CACHE[key] = f"{template} {number}"
    return _CACHE[key]
"""
ORDER = """
_OPEN = {}


@tool
def begin(session):
    _OPEN[session] = 0
    return session


@tool
def add(session, points):
    _OPEN[session] += points
    return points


@tool
def finish(session):
    return _OPEN.pop(session)
"""

CURSOR = '''
class Pool:
    def __init__(self, size):
        self.free = list(range(size))


POOL = Pool(25)


@tool
def lease(owner):
    """A connection's number. The one who asks gives it back."""
    number = POOL.free.pop()
    if owner != "batch":
        POOL.free.append(number)
    return owner
'''
CLOSED = """
class Session:
    closed = False


SESSION = Session()


@tool
def write(text):
    if SESSION.closed:
        raise ValueError("write to a closed session")
    return len(text)


@tool
def close():
    SESSION.closed = True
    return True


@tool
def reopen():
    SESSION.closed = False
    return True
"""

VARIANTS = [
    fault(
        "state", "mutable-default", "PKG.baskets:basket", DEFAULT,
        "from PKG.baskets import basket\n\ndef step(chance, moment, number):\n"
        "    basket(chance.choice(['tea', 'cup', 'jam']))\n",
        Truth(("state",), "PKG/baskets.py", "pieces", words=("default", "pieces")),
    ),
    fault(
        "state", "cache-grows", "PKG.pages:rendered", CACHE,
        "from PKG.pages import rendered\n\ndef step(chance, moment, number):\n"
        "    rendered(chance.choice(['a', 'b']), chance.randint(0, 120))\n",
        Truth(("state",), "PKG/pages.py", "_CACHE", words=("_CACHE",)), held=True,
    ),
    fault(
        "state", "order-of-calls", "PKG.sessions:add", ORDER,
        """
from PKG import sessions

def step(chance, moment, number):
    name = chance.choice(["s1", "s2", "s3"])
    sessions.begin(name)
    sessions.add(name, chance.randint(1, 3))
    if chance.random() < 0.1:
        sessions.finish(name)
        sessions.add(name, chance.randint(1, 3))
    else:
        sessions.finish(name)
""",
        Truth(("state",), "PKG/sessions.py", "_OPEN[session] += points", words=("_OPEN", "finish")), held=True,
    ),
    fault(
        "state", "leaking-pool", "PKG.pool:lease", CURSOR,
        "from PKG.pool import lease\n\ndef step(chance, moment, number):\n"
        "    lease(chance.choice(['web', 'web', 'web', 'web', 'batch']))\n",
        Truth(("state",), "PKG/pool.py", "POOL.free", words=("POOL", "free")),
    ),
    fault(
        "state", "closed-session", "PKG.writers:write", CLOSED,
        """
from PKG import writers

def step(chance, moment, number):
    writers.write(chance.choice(["a", "bb", "ccc"]))
    if chance.random() < 0.03:
        writers.close()
    elif chance.random() < 0.3:
        writers.reopen()
""",
        Truth(("state",), "PKG/writers.py", "SESSION.closed", words=("closed", "SESSION", "close")), held=True,
    ),
]  # fmt: skip
