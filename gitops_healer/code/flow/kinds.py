"""The kinds of control flow that `flow` sees, as data: what detectors say and what the documentation shows."""

from typing import Final, NamedTuple


class Kind(NamedTuple):
    """name: in policies (`detection.inefficient_control_flow.kinds_off`); message: what a finding says, with
    `{detail}`; cost: how much it costs, or that it is a mistake; before, after: an example; silent: what looks like it
    and is left alone; mistake: whether it is likely not what was meant (such kinds are seen in tests as well);
    quadratic: whether the cost grows with the square of the data."""

    name: str
    message: str
    why: str
    cost: str
    before: str
    after: str
    silent: tuple[str, ...]
    mistake: bool = False
    quadratic: bool = False


_KINDS = (
    Kind(
        name="membership_in_list",
        message=(
            "`{detail}` searches from the start each time round; a set beside it answers at once, if the elements "
            "are hashable"
        ),
        why="A list, a tuple and the values of a dictionary answer `in` by comparing one element after the other.",
        cost="length of the list, times turns of the loop",
        before="""\
def f(rows):
    seen = []
    for row in rows:
        if row.key not in seen:
            seen.append(row.key)
    return seen
""",
        after="""\
def f(rows):
    seen = []
    known = set()
    for row in rows:
        if row.key not in known:
            known.add(row.key)
            seen.append(row.key)
    return seen
""",
        silent=(
            "a list that is written out",
            "the list is made anew each time",
            "elements leave the list as well",
            "it may be no list",
            "it is handed on",
            "asked once, then left",
            "a few turns",
            "values that change",
        ),
        quadratic=True,
    ),
    Kind(
        name="front_of_list",
        message=(
            "`{detail}` moves all other elements each time round; `collections.deque`, or appending and reversing"
            " once, does not"
        ),
        why="A list has room at its end only.",
        cost="length of the list, times turns of the loop",
        before="""\
def f(tree):
    waiting = [tree]
    while waiting:
        node = waiting.pop(0)
        waiting.extend(node.children)
""",
        after="""\
from collections import deque

def f(tree):
    waiting = deque([tree])
    while waiting:
        node = waiting.popleft()
        waiting.extend(node.children)
""",
        silent=(
            "once",
            "then the loop is left",
            "a dictionary's key 0",
            "a new list each time",
            "a few elements that are written out",
        ),
        quadratic=True,
    ),
    Kind(
        name="search_in_own_loop",
        message=(
            "`{detail}` searches what the loop goes through for what it just gave; `enumerate`, a `Counter` or a "
            "new list does not search"
        ),
        why="The loop knows where it is, the list has to look for it; and equal elements are taken for each other.",
        cost="length of the list, times turns of the loop",
        before="""\
def f(names, values):
    for name in names:
        print(name, values[names.index(name)])
""",
        after="""\
def f(names, values):
    for number, name in enumerate(names):
        print(name, values[number])
""",
        silent=(
            "another list",
            "removal from a set",
            "another element",
        ),
        quadratic=True,
    ),
    Kind(
        name="sort_in_loop",
        message="`{detail}` gives the same each time round; sort once, before the loop",
        why="What does not change in a loop stays sorted.",
        cost="a sort, each time round",
        before="""\
def f(rows, keys):
    names = list(keys)
    for row in rows:
        for name in sorted(names):
            print(row, name)
""",
        after="""\
def f(rows, keys):
    names = sorted(keys)
    for row in rows:
        for name in names:
            print(row, name)
""",
        silent=(
            "what changes in the loop",
            "the result is kept, and may be changed",
            "by a key, which may change",
        ),
    ),
    Kind(
        name="invariant_call",
        message="`{detail}` gives the same each time round; call it once, before the loop",
        why="The argument does not change while the loop runs.",
        cost="length of the argument, times turns of the loop",
        before="""\
def f(values):
    return [value / max(values) for value in values]
""",
        after="""\
def f(values):
    top = max(values)
    return [value / top for value in values]
""",
        silent=(
            "what changes in the loop",
            "the loop's own variable",
            "somebody else may change it",
            "another max",
            "a copy to be changed",
            "two values",
        ),
    ),
    Kind(
        name="regex_in_loop",
        message="`re.compile({detail})` is the same each time round; compile it once, before the loop",
        why="`re` remembers patterns, but has to look them up, and forgets when there are many.",
        cost="a look-up each time round, sometimes a compilation",
        before="""\
import re

def f(lines):
    for line in lines:
        number = re.compile(r'[0-9]+')
        print(number.findall(line))
""",
        after="""\
import re

def f(lines):
    number = re.compile(r'[0-9]+')
    for line in lines:
        print(number.findall(line))
""",
        silent=(
            "a pattern that changes",
            "a function made in the loop",
        ),
    ),
    Kind(
        name="string_building",
        message="`{detail}` grows by `+=` in a loop; collect the parts in a list and join them",
        why=(
            "Strings and bytes cannot grow, so that all of it is copied. CPython often avoids that for strings with "
            "local names; no other Python does, and CPython does not when anybody else holds the string."
        ),
        cost="length of the string, times turns of the loop, at worst",
        before="""\
def f(rows):
    text = ''
    for row in rows:
        text += f'{row}\\n'
    return text
""",
        after="""\
def f(rows):
    parts = []
    for row in rows:
        parts.append(f'{row}\\n')
    return ''.join(parts)
""",
        silent=(
            "numbers",
            "it begins anew each time",
            "the loop needs it whole",
            "a few turns",
        ),
        quadratic=True,
    ),
    Kind(
        name="list_concatenation",
        message="`{detail}` is copied whole each time round; extend or append changes it in place",
        why="`xs = xs + ys` makes a new list of both.",
        cost="length of the list, times turns of the loop",
        before="""\
def f(rows):
    found = []
    for row in rows:
        found = found + [row.key]
    return found
""",
        after="""\
def f(rows):
    found = []
    for row in rows:
        found.append(row.key)
    return found
""",
        silent=(
            "`+=` changes the list in place",
            "the old list lives on",
        ),
        quadratic=True,
    ),
    Kind(
        name="needless_list",
        message="`{detail}` makes a list that is read once and thrown away",
        why="The one who reads it takes any iterable; `any` and `all` also stop early when they may.",
        cost="memory and time for a copy",
        before="""\
def f(names):
    return sorted(list(names))
""",
        after="""\
def f(names):
    return sorted(names)
""",
        silent=(
            "sum and join are no faster without",
            "all of it has to run",
            "all of a generator has to run",
            "the loop changes what it reads",
            "the loop may change what it reads",
            "another list",
            "asynchronous",
        ),
    ),
    Kind(
        name="repeated_lookup",
        message="`{detail}` is looked up twice; `get` with a default does it once",
        why="`in` finds the place and forgets it.",
        cost="a second look-up",
        before="""\
def f(options):
    if 'limit' in options:
        limit = options['limit']
    else:
        limit = None
    return limit
""",
        after="""\
def f(options):
    limit = options.get('limit')
    return limit
""",
        silent=(
            "a default that costs something",
            "two names",
            "one of several",
        ),
    ),
    Kind(
        name="index_loop",
        message="`{detail}` is all that the loop needs its index for; go through the elements themselves",
        why="An element that is given need not be fetched.",
        cost="a look-up each time round",
        before="""\
def f(text):
    words = text.split()
    for i in range(len(words)):
        print(words[i])
""",
        after="""\
def f(text):
    words = text.split()
    for word in words:
        print(word)
""",
        silent=(
            "the index is needed",
            "elements are set",
            "neighbours",
            "it may be no list",
            "the index is needed later",
        ),
    ),
    Kind(
        name="search_goes_on",
        message="the loop goes on after `{detail}`, though nothing can change any more; break, or `any`",
        why="Setting a flag a second time changes nothing.",
        cost="the rest of the loop",
        before="""\
def f(rows):
    found = False
    for row in rows:
        if row.bad:
            found = True
    return found
""",
        after="""\
def f(rows):
    return any(row.bad for row in rows)
""",
        silent=(
            "it breaks",
            "asking does something",
            "a source that has to be read to its end",
            "it counts",
        ),
    ),
    Kind(
        name="quadratic_join",
        message=(
            "each element of one list is compared with each of the other by `{detail}`; a dictionary by that key "
            "finds partners at once, if the key is hashable"
        ),
        why="Most comparisons of a nested search fail.",
        cost="length of one, times length of the other",
        before="""\
def f(orders, people):
    for order in orders:
        for person in people:
            if order.owner == person.name:
                print(order, person)
""",
        after="""\
def f(orders, people):
    by_name = {}
    for person in people:
        by_name.setdefault(person.name, []).append(person)
    for order in orders:
        for person in by_name.get(order.owner, ()):
            print(order, person)
""",
        silent=(
            "the inner one depends on the outer",
            "not by equality",
            "the others matter too",
        ),
        quadratic=True,
    ),
    Kind(
        name="deep_nesting",
        message="guard clauses (`if not ...: return` or `continue`) would take {detail} of nesting away",
        why="Each `if` that is all that is left of its block is kept in mind to the end of it.",
        cost="attention of all who read it",
        before="""\
def f(rows):
    for row in rows:
        if row.ready:
            row.check()
            if row.good:
                row.mark()
                if row.size:
                    row.measure()
                    if row.color:
                        row.paint()
                        row.dry()
                        row.pack()
""",
        after="""\
def f(rows):
    for row in rows:
        if not row.ready:
            continue
        row.check()
        if not row.good:
            continue
        row.mark()
        if not row.size:
            continue
        row.measure()
        if row.color:
            row.paint()
            row.dry()
            row.pack()
""",
        silent=(
            "something follows",
            "two levels",
        ),
    ),
    Kind(
        name="unreachable_code",
        message="this never runs: it stands {detail}, which always leaves",
        why="What never runs is read, tested and maintained all the same, and often was meant to run.",
        cost="a mistake, or dead weight",
        before="""\
def f(x):
    if x:
        return 1
    else:
        return 2
    print('done')
""",
        after="""\
def f(x):
    if x:
        return 1
    else:
        return 2
""",
        silent=(
            "it makes a generator",
            "it says that nobody gets there",
            "what is entered may swallow the exception",
            "the loop can be left",
            "an exception goes on",
            "no case may fit",
            "the loop's else may break the outer one",
        ),
        mistake=True,
    ),
    Kind(
        name="constant_condition",
        message="this never runs: {detail}",
        why="The condition is written out and cannot change.",
        cost="a mistake, or dead weight",
        before="""\
def f(x):
    if 0:
        print('debugging', x)
    return x
""",
        after="""\
def f(x):
    return x
""",
        silent=(
            "imports for type checkers",
            "it makes a generator",
            "true",
            "an endless loop",
        ),
        mistake=True,
    ),
    Kind(
        name="duplicate_condition",
        message="`{detail}` was asked earlier in the same chain, so that this branch never runs",
        why="The earlier branch is taken whenever this one would be.",
        cost="a mistake",
        before="""\
def f(x):
    if x == 1:
        return 'a'
    elif x == 2:
        return 'b'
    elif x == 1:
        return 'c'
""",
        after="""\
def f(x):
    if x == 1:
        return 'a'
    elif x == 2:
        return 'b'
    elif x == 3:
        return 'c'
""",
        silent=(
            "asking changes the answer",
            "something in between may change it",
            "two chains",
        ),
        mistake=True,
    ),
    Kind(
        name="shadowed_except",
        message="this handler never runs: {detail}",
        why="Handlers are tried from the top, and an earlier one catches the same.",
        cost="a mistake",
        before="""\
def f(x):
    try:
        return x()
    except Exception:
        return 1
    except ValueError:
        return 2
""",
        after="""\
def f(x):
    try:
        return x()
    except ValueError:
        return 2
    except Exception:
        return 1
""",
        silent=(
            "another exception of that name",
            "partly new",
            "the broader one last",
            "a star import",
        ),
        mistake=True,
    ),
    Kind(
        name="loop_runs_once",
        message="this loop goes round once at most, since its body always ends with {detail}",
        why="A loop that never loops is an `if`, `next(iter(...))`, or a line indented too far.",
        cost="often a mistake",
        before="""\
def f(parts):
    total = 1
    for part in parts:
        total = total * part.size
        return total
""",
        after="""\
def f(parts):
    total = 1
    for part in parts:
        total = total * part.size
    return total
""",
        silent=(
            "the first one is wanted",
            "the first one is wanted, with a break",
            "it may go on",
            "the first that is wrong",
            "a block to break out of",
        ),
        mistake=True,
    ),
)

KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in _KINDS}
