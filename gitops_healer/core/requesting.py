"""What somebody asks for with `/self_upgrade`: which parts of the code, and which kinds of flaw.

It is read without a model: paths, packages, modules and functions by their names, kinds of flaw by a few words, and
what is left as words to search with. When that leaves it open what is meant, a question is asked. A model that reads
free text has its place in `understand`, and gives the same `Understood`.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from gitops_healer.core.components import (
    SYMBOL,
    Names,
    Part,
    largest,
    looks_like_code,
    must_be_code,
    near,
    parts_of,
    resolve,
)
from gitops_healer.core.decision import Decision
from gitops_healer.core.finding import Finding
from gitops_healer.core.messages import Messages
from gitops_healer.core.orders import name_of
from gitops_healer.core.quoting import quoted
from gitops_healer.core.search import Ranking, terms
from gitops_healer.core.upgrade import Ordered, Upgrade

EXCLUDED = "!"
"""Before a component: everything but this."""
MAX_WORDS = 200
MAX_NAMED = 5
_MAX_LENGTH = 200
_YES = frozenset("yes y yep yeah ok okay sure ja correct right".split())
_ALL = frozenset(["all", "everything", ".", "*"])
_NOT = frozenset("not without except excluding".split())
_FILLERS = frozenset("but and also please in of at".split())
_ORDINARY = frozenset(
    word
    for text in (
        "make fix add remove improve update change check test run use find look code function file module class method "
        "error bug fail fast slow clean refactor simplify good bad new old all every main work need want please time",
        "data value name type list line get set is has can should must better more less call handle support",
    )
    for word in terms(text)
)
"""Words of requests that are names of functions as well: alone they name none."""
_KINDS: Sequence[tuple[str, frozenset[str]]] = (
    ("circular", frozenset({"circular_import"})),
    ("cycle", frozenset({"circular_import"})),
    ("cyclic", frozenset({"circular_import"})),
    ("duplicate", frozenset({"duplicate_code", "duplicate_tool"})),
    ("duplication", frozenset({"duplicate_code", "duplicate_tool"})),
    ("clone", frozenset({"duplicate_code", "duplicate_tool"})),
    ("dead code", frozenset({"dead_code"})),
    ("unused", frozenset({"dead_code", "unused_tool"})),
    ("complexity", frozenset({"complexity"})),
    ("complex", frozenset({"complexity"})),
    ("slow", frozenset({"slow_tool", "degrading_tool", "inefficient_control_flow"})),
    ("performance", frozenset({"slow_tool", "degrading_tool", "inefficient_control_flow"})),
    ("inefficient", frozenset({"inefficient_control_flow"})),
    ("coupling", frozenset({"high_coupling", "unstable_dependency"})),
    ("cohesion", frozenset({"low_cohesion", "mixed_concerns"})),
    ("layer", frozenset({"layer_violation"})),
    ("failing test", frozenset({"failing_test"})),
    ("god class", frozenset({"god_class"})),
    ("god module", frozenset({"god_module"})),
)
"""Words of people for kinds of flaw; the name of a rule counts as well."""


@dataclass(frozen=True)
class Understood:
    """components: folders and files as paths, functions and classes as `pkg.mod:qualname`; what begins with `!` is left
    out; text: the other words; question: what has to be answered first, as Markdown."""

    components: tuple[str, ...] = ()
    text: str = ""
    question: str = ""


@dataclass(frozen=True)
class _Problem:
    """A word that names nothing, or too much. meant: what it may be."""

    word: str
    meant: tuple[str, ...]
    several: bool = False


@dataclass(frozen=True)
class _Read:
    components: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    problems: tuple[_Problem, ...] = ()


def understand(words: Sequence[str], names: Names, former: Sequence[str] = ()) -> Understood:
    """What an order means. former: the words of the request that `words` answer a question about."""
    parts = parts_of(names)
    said = [word[:_MAX_LENGTH] for word in words[:MAX_WORDS] if word.strip()]
    before = _read([word[:_MAX_LENGTH] for word in former[:MAX_WORDS]], parts)
    if former and said and " ".join(said).strip(" .!,").lower() in _YES:
        one = [problem.meant[0] for problem in before.problems if len(problem.meant) == 1]
        answered = _Read(tuple(one)) if len(one) == len(before.problems) else _Read()
        return _settled(replace(before, problems=() if one else before.problems), answered, parts)
    own = _read(said, parts, alone=True)
    return _settled(replace(before, problems=()), own, parts)


def concerns(order: Ordered, finding: Finding) -> bool:
    """Whether a finding belongs to an order: it lies in what was named, and is of a kind that was named."""
    wanted = [name for name in order.components if not name.startswith(EXCLUDED)]
    if wanted and not any(_lies_in(name, finding) for name in wanted):
        return False
    if any(_lies_in(name.removeprefix(EXCLUDED), finding) for name in order.components if name.startswith(EXCLUDED)):
        return False
    kinds = kinds_of(order.text)
    return not kinds or finding.rule in kinds or set(terms(finding.rule)) <= set(terms(order.text))


def chosen_for(order: Ordered, findings: Iterable[Finding], limit: int) -> tuple[Finding, ...]:
    """The findings that an order gets, at most `limit`: those that share most words with it, else in their order."""
    words = set(terms(order.text))

    def shared(finding: Finding) -> int:
        return len(words & set(terms(f"{finding.rule} {finding.symbol} {finding.message}")))

    found = [finding for finding in findings if concerns(order, finding)]
    return tuple(sorted(found, key=shared, reverse=True)[:limit])


def kinds_of(text: str) -> frozenset[str]:
    """Rules of the flaws that a text names; empty when it names none."""
    said = terms(text)
    return frozenset(
        rule for phrase, rules in _KINDS if _follow_each_other(terms(phrase), said) for rule in rules
    ) | frozenset(word for word in re.findall("[a-z]+(?:_[a-z]+)+", text.lower()) if word in RULES)


RULES = frozenset(rule for _, rules in _KINDS for rule in rules)


def spelled(components: Iterable[str]) -> str:
    """Components for a reader, as Markdown."""
    names = list(components)
    wanted = ", ".join(quoted(name, 100) for name in names if not name.startswith(EXCLUDED))
    left_out = ", ".join(quoted(name.removeprefix(EXCLUDED), 100) for name in names if name.startswith(EXCLUDED))
    return (wanted or "the whole repository") + (f" without {left_out}" if left_out else "")


def _settled(before: _Read, own: _Read, parts: Sequence[Part]) -> Understood:
    """Both together: the components, or what has to be asked."""
    components = tuple(dict.fromkeys((*before.components, *own.components)))
    text = " ".join((*before.rest, *own.rest))
    problems = (*before.problems, *own.problems)
    if problems:
        return Understood(components, text, _which(problems))
    left_out = {name.removeprefix(EXCLUDED) for name in components if name.startswith(EXCLUDED)}
    wanted = [name for name in components if not name.startswith(EXCLUDED)]
    if wanted and all(any(_inside(name, out) for out in left_out) for name in wanted):
        return Understood(components, text, f"You name {spelled(wanted)}, and leave it out as well. What do you want?")
    if wanted or not text:
        return Understood(components, text)
    return _searched(components, text, parts)


def _read(words: Sequence[str], parts: Sequence[Part], alone: bool = False) -> _Read:
    """Which words name parts of the code. In the middle of a sentence only what looks like code does; alone: words that
    are nothing but names may be any names."""
    if [word.lower() for word in words] in [[word] for word in _ALL]:
        return _Read()
    if alone and words and all(len(resolve(word, parts)) == 1 for word in words if word.lower() not in _NOT | _FILLERS):
        return _sorted(words, parts, anything=True)
    return _sorted(words, parts, anything=False, only=len(words) == 1)


def _sorted(words: Sequence[str], parts: Sequence[Part], *, anything: bool, only: bool = False) -> _Read:
    components: list[str] = []
    rest: list[str] = []
    problems: list[_Problem] = []
    leading = True
    for number, word in enumerate(words):
        without = number > 0 and words[number - 1].lower() in _NOT
        shaped = looks_like_code(word)
        found = resolve(word, parts) if anything or shaped or leading or only else ()
        plain = leading and bool(found) and found[0].level > SYMBOL
        if len(found) == 1 and (anything or shaped or plain):
            if without and rest and rest[-1] == words[number - 1]:
                rest.pop()
            components.append(f"{EXCLUDED if without else ''}{found[0].name}")
        elif (shaped or only or (plain and not components)) and len(found) > 1:
            problems.append(_Problem(word, tuple(part.name for part in found[:MAX_NAMED]), several=True))
        elif must_be_code(word) or (only and not kinds_of(word)):
            problems.append(_Problem(word, near(word, parts) if len(problems) < MAX_NAMED else ()))
        else:
            rest.append(word)
            leading = leading and word.lower() in _NOT | _FILLERS
    dropped = rest if components and all(word.lower() in _FILLERS for word in rest) else []
    return _Read(tuple(components), () if dropped else tuple(rest), tuple(problems))


def _which(problems: Sequence[_Problem]) -> str:
    said = []
    for problem in problems[:MAX_NAMED]:
        listed = ", ".join(quoted(name, 100) for name in problem.meant)
        if problem.several:
            said.append(f"{quoted(problem.word, 100)} fits several: {listed}. Which one do you mean?")
        elif problem.meant:
            said.append(f"{quoted(problem.word, 100)} is not in the code. Did you mean {listed}?")
        else:
            said.append(
                f"{quoted(problem.word, 100)} is not in the code, and nothing has a name like it. What is meant?"
            )
    return " ".join(said)


def _searched(components: tuple[str, ...], text: str, parts: Sequence[Part]) -> Understood:
    """Free text about no part by name: what the words name together, when that is one thing."""
    kinds = kinds_of(text)
    said = frozenset(terms(text)) - {word for phrase, rules in _KINDS if rules <= kinds for word in terms(phrase)}
    scored = [(_named_by(said, part), part) for part in parts]
    best = max((score for score, _ in scored), default=0)
    found = largest([part for score, part in scored if score == best]) if best else ()
    if len(found) == 1:
        return Understood((*components, found[0].name), text)
    if kinds:
        return Understood(components, text)
    perhaps = [part.name for part in found[:MAX_NAMED]] or _by_words(text, parts)
    listed = f" Perhaps {', '.join(quoted(name, 100) for name in perhaps)}?" if perhaps else ""
    return Understood(components, text, f"Which part of the code is it about: a file, a folder or a function?{listed}")


def _named_by(said: Collection[str], part: Part) -> int:
    """How many words name the part: all words of its own name have to be there, and one that is not ordinary."""
    own = terms(re.sub(r"\.pyi?$", "", re.split("[/:.]", re.sub(r"\.pyi?$", "", part.name))[-1]))
    if not own or not set(own) <= set(said) or set(own) <= _ORDINARY:
        return 0
    return len(set(own))


def _by_words(text: str, parts: Sequence[Part]) -> list[str]:
    documents = {
        part.name: {"name": part.name.rpartition(":")[2], "code": re.sub(r"\.pyi?$", "", part.name)} for part in parts
    }
    return [name for name, _ in Ranking(documents).search(text, 3)]


def _lies_in(component: str, finding: Finding) -> bool:
    if ":" in component:
        wanted = component.replace(":", ".")
        symbol = finding.symbol.replace(":", ".")
        return symbol == wanted or symbol.startswith(f"{wanted}.")
    return any(_inside(path, component) for path in finding.modules)


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _follow_each_other(words: Sequence[str], said: Sequence[str]) -> bool:
    """Whether the words stand in the text one after the other."""
    return any(list(said[start : start + len(words)]) == list(words) for start in range(len(said)))


def served_text(
    order: Ordered, queued: Sequence[Upgrade], refused: Sequence[tuple[Finding, Decision]], messages: Messages
) -> str:
    """What became of an order, as Markdown. refused: findings that belong to it, with the reason why not."""
    components = spelled(order.components)
    if not queued:
        return messages.render("served_nothing", components=components, reason=_nothing(order, refused))
    lines = "\n".join(f"- {name_of(up)}: {quoted(up.finding.message, 160)}" for up in queued)
    return messages.render("served", components=components, count=str(len(queued)), upgrades=lines)


def _nothing(order: Ordered, refused: Sequence[tuple[Finding, Decision]]) -> str:
    if not refused:
        kind = "of that kind" if kinds_of(order.text) else "there"
        return (
            f"no detector sees a flaw {kind} that can be healed. A failing test, or a recorded call that fails, would "
            "show me what is wrong"
        )
    return "\n" + "\n".join(
        f"- {quoted(finding.message, 160)}: {quoted((decision.blocking or decision).reason, 200)}"
        for finding, decision in refused[:10]
    )
