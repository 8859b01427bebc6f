"""Small programs for each kind of case; the names of kinds and of what is silent are those of `flow.kinds`."""

SILENT: dict[str, dict[str, str]] = {
    "membership_in_list": {
        "a list that is written out": """\
def f(rows):
    good = ['a', 'b']
    return [r for r in rows if r in good]
""",
        "the list is made anew each time": """\
def f(rows):
    for row in rows:
        parts = row.split()
        if 'x' in parts:
            return row
""",
        "elements leave the list as well": """\
def f(rows):
    todo = list(rows)
    for row in rows:
        if row in todo:
            todo.remove(row.twin)
""",
        "it may be no list": """\
def f(rows, known):
    return [row for row in rows if row not in known]
""",
        "it is handed on": """\
def f(rows):
    seen = []
    for row in rows:
        if row in seen:
            g(seen)
""",
        "asked once, then left": """\
def f(rows):
    xs = list(rows)
    for row in rows:
        if row:
            print(row in xs)
            return
""",
        "a few turns": """\
def f(rows):
    xs = list(rows)
    return [x for x in (1, 2, 3) if x in xs]
""",
        "values that change": """\
def f(rows, d):
    for row in rows:
        if row in d.values():
            d[row] = 1
""",
    },
    "front_of_list": {
        "once": """\
def f(xs):
    ys = list(xs)
    ys.insert(0, 1)
    return ys
""",
        "then the loop is left": """\
def f(xs):
    ys = list(xs)
    for x in xs:
        if x:
            ys.pop(0)
            break
    return ys
""",
        "a dictionary's key 0": """\
def f(xs):
    ys = dict(xs)
    for x in xs:
        ys.pop(0)
""",
        "a new list each time": """\
def f(xs):
    for x in xs:
        parts = x.split()
        parts.pop(0)
        g(parts)
""",
        "a few elements that are written out": """\
def f(rows):
    codes = ['a', 'b', 'c']
    for row in rows:
        print(row, codes.pop(0))
""",
    },
    "search_in_own_loop": {
        "another list": """\
def f(names, others):
    for name in names:
        print(others.index(name))
""",
        "removal from a set": """\
def f(xs):
    names = set(xs)
    for name in list(names):
        names.remove(name)
""",
        "another element": """\
def f(names):
    for name in names:
        print(names.index(name.twin))
""",
    },
    "sort_in_loop": {
        "what changes in the loop": """\
def f(rows):
    names = []
    for row in rows:
        names.append(row)
        for name in sorted(names):
            print(name)
""",
        "the result is kept, and may be changed": """\
def f(rows, names):
    for row in rows:
        row.names = sorted(names)
""",
        "by a key, which may change": """\
def f(rows, xs):
    for row in rows:
        for x in sorted(xs, key=row.rank):
            print(x)
""",
    },
    "invariant_call": {
        "what changes in the loop": """\
def f(rows):
    best = []
    for row in rows:
        best.append(row)
        print(max(best))
""",
        "the loop's own variable": """\
def f(rows):
    return [max(row) for row in rows]
""",
        "somebody else may change it": """\
def f(rows, xs):
    for row in rows:
        g(xs)
        print(max(xs))
""",
        "another max": """\
from numpy import max

def f(values):
    return [v / max(values) for v in values]
""",
        "a copy to be changed": """\
def f(rows, xs):
    for row in rows:
        row.xs = list(xs)
""",
        "two values": """\
def f(rows, a, b):
    return [max(a, b) + row for row in rows]
""",
    },
    "regex_in_loop": {
        "a pattern that changes": """\
import re

def f(words, line):
    return [re.compile(w).match(line) for w in words]
""",
        "a function made in the loop": """\
import re

def f(xs):
    for x in xs:
        x.test = lambda: re.compile('a')
""",
    },
    "string_building": {
        "numbers": """\
def f(rows):
    total = 0
    for row in rows:
        total += row
    return total
""",
        "it begins anew each time": """\
def f(rows):
    for row in rows:
        text = ''
        text += row
        print(text)
""",
        "the loop needs it whole": """\
def f(rows):
    text = ''
    for row in rows:
        text += row
        print(text)
""",
        "a few turns": """\
def f(a, b):
    text = ''
    for part in (a, b):
        text += part
    return text
""",
    },
    "list_concatenation": {
        "`+=` changes the list in place": """\
def f(rows):
    found = []
    for row in rows:
        found += [row.key]
    return found
""",
        "the old list lives on": """\
def f(rows):
    path = []
    paths = []
    for row in rows:
        paths.append(path)
        path = path + [row]
    return paths
""",
    },
    "needless_list": {
        "sum and join are no faster without": """\
def f(xs):
    return ''.join([x.name for x in xs]), sum([x.size for x in xs])
""",
        "all of it has to run": """\
def f(xs):
    return any([x.save() for x in xs])
""",
        "all of a generator has to run": """\
def f(xs):
    return any(list(map(g, xs)))
""",
        "the loop changes what it reads": """\
def f(d):
    for key in list(d.keys()):
        del d[key]
""",
        "the loop may change what it reads": """\
def f(d):
    for key in list(d.keys()):
        g(key)
""",
        "another list": """\
def f(xs, list):
    return sorted(list(xs))
""",
        "asynchronous": """\
async def f(xs):
    return any([x async for x in xs])
""",
    },
    "repeated_lookup": {
        "a default that costs something": """\
def f(d, k):
    if k in d:
        x = d[k]
    else:
        x = g(k)
    return x
""",
        "two names": """\
def f(d, k):
    if k in d:
        x = d[k]
    else:
        y = 1
        return y
    return x
""",
        "one of several": """\
def f(d, a):
    if a:
        x = 1
    elif 'k' in d:
        x = d['k']
    else:
        x = 2
    return x
""",
    },
    "index_loop": {
        "the index is needed": """\
def f(text):
    words = text.split()
    for i in range(len(words)):
        print(i, words[i])
""",
        "elements are set": """\
def f(text):
    words = text.split()
    for i in range(len(words)):
        words[i] = words[i].upper()
    return words
""",
        "neighbours": """\
def f(text):
    words = text.split()
    for i in range(len(words)):
        print(words[i], words[i - 1])
""",
        "it may be no list": """\
def f(words):
    for i in range(len(words)):
        print(words[i])
""",
        "the index is needed later": """\
def f(text):
    words = text.split()
    for i in range(len(words)):
        print(words[i])
    return i
""",
    },
    "search_goes_on": {
        "it breaks": """\
def f(rows):
    found = False
    for row in rows:
        if row.bad:
            found = True
            break
    return found
""",
        "asking does something": """\
def f(rows):
    found = False
    for row in rows:
        if row.save():
            found = True
    return found
""",
        "a source that has to be read to its end": """\
def f(path):
    found = False
    source = open(path)
    for line in source:
        if 'x' in line:
            found = True
    return found
""",
        "it counts": """\
def f(rows):
    found = 0
    for row in rows:
        if row.bad:
            found = found + 1
    return found
""",
    },
    "quadratic_join": {
        "the inner one depends on the outer": """\
def f(orders):
    for order in orders:
        for item in order.items:
            if item.name == order.name:
                print(item)
""",
        "not by equality": """\
def f(xs, ys):
    for x in xs:
        for y in ys:
            if x.a < y.a:
                print(x, y)
""",
        "the others matter too": """\
def f(xs, ys):
    for x in xs:
        for y in ys:
            if x.a == y.a:
                print(x)
            else:
                print(y)
""",
    },
    "deep_nesting": {
        "something follows": """\
def f(row):
    if row.a:
        row.b()
        if row.c:
            row.d()
            if row.e:
                row.f()
                if row.g:
                    row.h()
                    row.i()
    row.done()
""",
        "two levels": """\
def f(row):
    if row.a:
        row.b()
        row.c()
        if row.d:
            row.e()
            row.f()
            row.g()
            row.h()
            row.i()
""",
    },
    "unreachable_code": {
        "it makes a generator": """\
def f():
    return
    yield
""",
        "it says that nobody gets there": """\
def f(x):
    if x:
        return 1
    else:
        return 2
    raise AssertionError(x)
""",
        "what is entered may swallow the exception": """\
def f(x):
    with suppress(KeyError):
        return x['k']
    return 0
""",
        "the loop can be left": """\
def f(x):
    while True:
        if x():
            break
    print('done')
""",
        "an exception goes on": """\
def f(x):
    try:
        return x()
    except KeyError:
        pass
    return 0
""",
        "no case may fit": """\
def f(x):
    match x:
        case 1:
            return 1
        case _ if x > 2:
            return 2
    return 3
""",
        "the loop's else may break the outer one": """\
def f(xs):
    while True:
        for x in xs:
            pass
        else:
            break
    return 1
""",
    },
    "constant_condition": {
        "imports for type checkers": """\
def f():
    if False:
        from a import b
    return 1
""",
        "it makes a generator": """\
def f():
    if False:
        yield
""",
        "true": """\
def f(x):
    if True:
        print(x)
""",
        "an endless loop": """\
def f(x):
    while 1:
        x()
""",
    },
    "duplicate_condition": {
        "asking changes the answer": """\
def f(x):
    if x.next():
        return 1
    elif x.next():
        return 2
""",
        "something in between may change it": """\
def f(x):
    if x.ready:
        return 1
    elif x.load():
        return 2
    elif x.ready:
        return 3
""",
        "two chains": """\
def f(x):
    if x:
        g()
    if x:
        h()
""",
    },
    "shadowed_except": {
        "another exception of that name": """\
from shop import TimeoutError

def f(x):
    try:
        return x()
    except OSError:
        return 1
    except TimeoutError:
        return 2
""",
        "partly new": """\
def f(x):
    try:
        return x()
    except KeyError:
        return 1
    except (KeyError, ValueError):
        return 2
""",
        "the broader one last": """\
def f(x):
    try:
        return x()
    except KeyError:
        return 1
    except LookupError:
        return 2
""",
        "a star import": """\
from shop import *

def f(x):
    try:
        return x()
    except OSError:
        return 1
    except TimeoutError:
        return 2
""",
    },
    "loop_runs_once": {
        "the first one is wanted": """\
def f(xs):
    for x in xs:
        return x
    return None
""",
        "the first one is wanted, with a break": """\
def f(xs):
    found = None
    for x in xs:
        found = x.name
        break
    return found
""",
        "it may go on": """\
def f(xs):
    for x in xs:
        if x:
            continue
        print(x)
        return x
""",
        "the first that is wrong": """\
def f(xs):
    for x in xs:
        text = str(x)
        raise ValueError(text)
""",
        "a block to break out of": """\
def f(x):
    while True:
        if x.a():
            break
        x.b()
        break
""",
    },
}
"""What looks like a case of a kind and is none."""

FURTHER: dict[str, tuple[str, str]] = {
    "an annotated argument": (
        "membership_in_list",
        """\
def f(a, xs: list[str]):
    return [x for x in a if x in xs]
""",
    ),
    "in a while test": (
        "membership_in_list",
        """\
def f(a):
    xs = sorted(a)
    i = 0
    while i in xs:
        i += 1
""",
    ),
    "inserting": (
        "front_of_list",
        """\
def f(a):
    xs = []
    for x in a:
        xs.insert(0, x)
    return xs
""",
    ),
    "removing": (
        "search_in_own_loop",
        """\
def f(a):
    xs = list(a)
    for x in xs[:]:
        xs.remove(x)
""",
    ),
    "sum": (
        "invariant_call",
        """\
def f(xs):
    for x in xs:
        print(x / sum(xs))
""",
    ),
    "a set to look into": (
        "invariant_call",
        """\
def f(a, xs):
    return [x for x in a if x in set(xs)]
""",
    ),
    "flags of a pattern": (
        "regex_in_loop",
        """\
import re

def f(a):
    return [re.compile('a', re.I | re.M).match(x) for x in a]
""",
    ),
    "s = s + t": (
        "string_building",
        """\
def f(a):
    s = 'x'
    for x in a:
        s = s + x
    return s
""",
    ),
    "at the front": (
        "list_concatenation",
        """\
def f(a):
    s = []
    for x in a:
        s = [x] + s
    return s
""",
    ),
    "any of a list": (
        "needless_list",
        """\
def f(xs):
    return any([x.startswith('a') for x in xs])
""",
    ),
    "a loop over a list of a range": (
        "needless_list",
        """\
def f(n):
    for i in list(range(n)):
        g(i)
""",
    ),
    "a set of a list": (
        "needless_list",
        """\
def f(xs):
    return set([x.name for x in xs])
""",
    ),
    "after an endless loop": (
        "unreachable_code",
        """\
def f(x):
    while True:
        x()
    print(x)
""",
    ),
    "after a match": (
        "unreachable_code",
        """\
def f(x):
    match x:
        case 1:
            return 1
        case _:
            return 2
    print(x)
""",
    ),
    "after try and handlers": (
        "unreachable_code",
        """\
def f(x):
    try:
        return x()
    except KeyError:
        raise
    print(x)
""",
    ),
    "else of a try that returns": (
        "unreachable_code",
        """\
def f(x):
    try:
        return x()
    except KeyError:
        pass
    else:
        print(x)
""",
    ),
    "after continue": (
        "unreachable_code",
        """\
def f(xs):
    for x in xs:
        continue
        print(x)
""",
    ),
    "else of what is true": (
        "constant_condition",
        """\
def f(x):
    if 1:
        g()
    else:
        h()
""",
    ),
    "a handler of the same name": (
        "shadowed_except",
        """\
def f(x):
    try:
        x()
    except a.Error:
        g()
    except a.Error:
        h()
""",
    ),
    "another name of the same error": (
        "shadowed_except",
        """\
def f(x):
    try:
        x()
    except OSError:
        g()
    except IOError:
        h()
""",
    ),
    "a while that is an if": (
        "loop_runs_once",
        """\
def f(x):
    while x:
        x = g(x)
        break
    return x
""",
    ),
    "counting": (
        "search_in_own_loop",
        """\
def f(xs):
    return [g(x) for x in xs]


def h(xs):
    for x in xs:
        print(x, xs.count(x))
""",
    ),
    "a tuple": (
        "membership_in_list",
        """\
def f(a, xs):
    ys = tuple(xs)
    return [x for x in a if x in ys]
""",
    ),
    "values of a dictionary": (
        "membership_in_list",
        """\
def f(a, d):
    return [x for x in a if x in d.values()]
""",
    ),
    "deleting the first": (
        "front_of_list",
        """\
def f(a):
    xs = list(a)
    while xs:
        print(xs[0])
        del xs[0]
""",
    ),
    "a queue that begins with one": (
        "front_of_list",
        """\
def f(a):
    xs = [a]
    for _ in a:
        xs.extend(xs.pop(0))
""",
    ),
    "bytes": (
        "string_building",
        """\
def f(chunks):
    data = b''
    for chunk in chunks:
        data += chunk
    return data
""",
    ),
}
"""Other forms of a kind than its example."""
