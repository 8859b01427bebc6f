"""Which proofs fit a function: decided from what it declares, what its code does, and what there is to try it with.

SHADOW: both versions on many inputs, for what only reads and may be repeated; REPLAY: recorded calls again, for what
may be repeated although it has effects; SYNTHETIC: test cases, whose proof needs approval; MANUAL: never automatic.
Several may fit; what suffices for which risk is the policy's to say. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from gitops_healer.core.decision import Decision, all_of, no, yes
from gitops_healer.core.tools import Declared


class Strategy(Enum):
    SHADOW = "shadow"
    REPLAY = "replay"
    SYNTHETIC = "synthetic"
    MANUAL = "manual"


@dataclass(frozen=True)
class Inferred:
    """One effect that the code has. effect: a value of `code.effects.Effect`; functions: `pkg.mod:qualname`, from the
    function to the one that does it; callee: what does it; where: `path:line`."""

    effect: str
    callee: str
    functions: tuple[str, ...] = ()
    where: str = ""

    def __str__(self) -> str:
        return f"{' -> '.join((*self.functions, self.callee))}, at {self.where}"


@dataclass(frozen=True)
class Characteristics:
    """declared: what the function says of itself; seen: what its code does, nearest first; mutates: parameters that it
    changes; assumed: methods that were taken for those of builtin types."""

    declared: Declared = field(default_factory=Declared)
    seen: tuple[Inferred, ...] = ()
    mutates: tuple[str, ...] = ()
    cache: bool = False
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """What there is to try it with. recorded: replayable calls in the policy's window of `days`, of which `least` are
    needed; cases: declared ones; tests: files that mention it; answers: {function that is mocked: recorded calls of
    it}; forbidden: kinds of effects that end a call, since requires_mocking names them and no function; problems: names
    in requires_mocking that lead to nothing, a sentence each; sandbox: level (`ports.SandboxLevel`)."""

    recorded: int = 0
    least: int = 10
    days: int = 30
    cases: int = 0
    tests: tuple[str, ...] = ()
    answers: Mapping[str, int] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    sandbox: str = "namespace"


@dataclass(frozen=True)
class Choice:
    """strategies: those that fit, MANUAL alone when none does; decision: why, for each; contradicted: what is declared
    and not so."""

    strategies: tuple[Strategy, ...]
    decision: Decision
    next_action: str = ""
    contradicted: tuple[str, ...] = ()

    @property
    def automatic(self) -> bool:
        return self.strategies != (Strategy.MANUAL,)

    @property
    def needs_approval(self) -> bool:
        """Whether nothing but SYNTHETIC fits, whose proof a maintainer has to accept."""
        return self.strategies == (Strategy.SYNTHETIC,)


_LEAVING = ("network", "database", "processes")
"""What reaches beyond a scratch copy of the repository."""
_HARMLESS = {
    "clock": "the clock stands still",
    "randomness": "every seed is the same for both versions",
    "console": "what is printed is caught and compared",
    "logging": "what is logged stays inside",
    "concurrency": "what ends in another order from run to run counts as noise",
    "global state": "each version has a process of its own, and both begin alike",
}
_WORDS = {
    "database": ("database", "db", "sql", "table", "row", "record", "query"),
    "network": ("network", "http", "api", "request", "email", "mail", "sms", "webhook", "upload", "download", "socket",
                "message", "notification", "payment", "queue", "s3", "web"),
    "processes": ("process", "processes", "shell", "command", "subprocess"),
    "files": ("file", "files", "disk", "filesystem", "directory"),
    "console": ("console", "print", "prints", "stdout", "stderr", "output"),
    "logging": ("log", "logs", "logging"),
    "global state": ("cache", "memory", "global", "state", "environment"),
}  # fmt: skip
_SAYS_NONE = frozenset({"none", "no", "false", "pure", "read_only", "read-only", "readonly"})
_WALLED = frozenset({"namespace", "bubblewrap"})
_DECLARE = "decorate it with @tool(idempotent=True) if calling it twice is the same as calling it once"


def choose(characteristics: Characteristics, evidence: Evidence) -> Choice:
    """Every strategy that fits, and why the others do not. A declaration counts before what the code seems to do,
    except where the code does worse than it declares."""
    case = _Case(characteristics, evidence)
    decisions = {
        Strategy.SHADOW: case.shadow(),
        Strategy.REPLAY: case.replay(),
        Strategy.SYNTHETIC: case.synthetic(),
    }
    fitting = tuple(strategy for strategy, decision in decisions.items() if decision.allowed)
    chosen = fitting or (Strategy.MANUAL,)
    wanted = next((decision.next_action for decision in decisions.values() if decision.next_action), "")
    names = ", ".join(strategy.value for strategy in chosen)
    children = (case.declaration(), *case.problems(), *decisions.values(), _manual(fitting))
    reason = (
        f"{names} fit{'s' if len(chosen) == 1 else ''}" if fitting else "nothing automatic fits: a person has to look"
    )
    decision = Decision("strategy", bool(fitting), reason, children, "" if fitting else wanted)
    return Choice(chosen, decision, wanted, tuple(case.contradictions()))


def _manual(fitting: tuple[Strategy, ...]) -> Decision:
    if fitting:
        return no("manual", "there is an automatic proof")
    return yes("manual", "no automatic proof fits, so nothing is merged without a maintainer")


class _Case:
    """One function under decision."""

    def __init__(self, what: Characteristics, evidence: Evidence) -> None:
        self._what = what
        self._evidence = evidence
        self._declared = what.declared
        self._mocks = tuple(evidence.answers)

    # What is declared

    def declaration(self) -> Decision:
        """Whether the declaration and the code agree."""
        found = tuple(self.contradictions())
        if found:
            action = "correct side_effects in its decorator, or name what is to be mocked in requires_mocking"
            return no("declaration", f"{'; '.join(found)}: the worse counts", action)
        declared = self._declared
        said = {
            "idempotent": declared.idempotent,
            "side_effects": declared.side_effects,
            "safe_for_shadow_testing": declared.safe_for_shadow_testing,
            "requires_mocking": declared.requires_mocking,
        }
        told = ", ".join(f"{key}={value}" for key, value in said.items() if value)
        return yes("declaration", f"it declares {told}" if told else "it declares nothing: its code tells")

    def problems(self) -> Iterator[Decision]:
        """Names in requires_mocking that lead to nothing."""
        for problem in self._evidence.problems:
            yield no("mocks", problem)

    def contradictions(self) -> Iterator[str]:
        """Sentences about what it declares and its code does otherwise."""
        declared = self._declared.side_effects
        if not declared:
            return
        named = set(self._declared_effects())
        for effect in (*_LEAVING, "files"):
            seen = [one for one in self._of(effect) if not self._mocked_by(one)]
            if seen and effect not in named:
                says = "declares no side effects" if not named else f"declares only {declared}"
                yield f"it {says}, and its code reaches {effect}: {seen[0]}"

    def _declared_effects(self) -> tuple[str, ...]:
        """Kinds of effects that it declares; `other` for words that say none of the known ones."""
        found: dict[str, None] = {}
        for word in words_of(self._declared.side_effects):
            if word.lower() in _SAYS_NONE or word == "unknown":
                continue
            parts = word.lower().replace("-", "_").replace(" ", "_").split("_")
            found.setdefault(next((kind for kind, words in _WORDS.items() if set(parts) & set(words)), "other"))
        return tuple(found)

    # Strategies

    def shadow(self) -> Decision:
        gates = [self._safe(), self._idempotent(needed=False), *self._leaving(_LEAVING), *self._inside()]
        return self._all("shadow", gates)

    def replay(self) -> Decision:
        gates = [self._idempotent(needed=True), self._recorded(), *self._leaving(("network", "processes")),
                 *self._database(), *self._inside()]  # fmt: skip
        return self._all("replay", gates)

    def synthetic(self) -> Decision:
        cases, tests = self._evidence.cases, self._evidence.tests
        if cases or tests:
            shown = ", ".join(tests[:3]) + (f" and {len(tests) - 3} more" if len(tests) > 3 else "")
            parts = [f"{cases} declared {'case' if cases == 1 else 'cases'}"] if cases else []
            parts += [f"tests that mention it: {shown}"] if tests else []
            found = yes("test cases", "; ".join(parts))
        else:
            found = no("test cases", "it declares none, and no test mentions it",
                       "declare some: @tool(examples=[{'input': {...}, 'expected_output': ...}])")  # fmt: skip
        return self._all("synthetic", [found, yes("approval", "what it proves counts when a maintainer accepts it")])

    @staticmethod
    def _all(name: str, gates: Iterable[Decision]) -> Decision:
        tree = all_of(name, gates)
        if not tree.allowed:
            return tree
        return Decision(name, True, "everything that it needs is there", tree.children)

    # Gates

    def _safe(self) -> Decision:
        said = self._declared.safe_for_shadow_testing
        if said == "False":
            return no("declared safe", "it declares safe_for_shadow_testing=False")
        if said == "True":
            said = "it declares safe_for_shadow_testing=True; what its code does counts all the same"
            return yes("declared safe", said)
        return yes("declared safe", "it does not say otherwise")

    def _idempotent(self, *, needed: bool) -> Decision:
        said = self._declared.idempotent
        if said in ("True", "False"):
            if said == "True":
                return yes("idempotent", "it declares idempotent=True")
            return no("idempotent", "it declares idempotent=False: a second call is not like the first")
        lasting = [kind for kind in (*_LEAVING, "files", "other") if self._of(kind) or kind in self._declared_effects()]
        if not lasting:
            return yes("idempotent", "it does not say, and its code leaves nothing behind that a second call would see")
        shown = ", ".join("declared side effects" if kind == "other" else kind for kind in lasting)
        if needed:
            return no("idempotent", f"it does not say, and it has effects that last: {shown}", _DECLARE)
        return yes("idempotent", f"it does not say; its lasting effects ({shown}) are asked below")

    def _leaving(self, kinds: Iterable[str]) -> Iterator[Decision]:
        """One gate for each kind of effect that must not happen for real."""
        for kind in kinds:
            seen = self._of(kind)
            if kind in self._declared_effects() and not seen:
                yield self._only_declared(kind, self._declared.side_effects)
            elif seen:
                yield self._seen_leaving(kind, seen)
        if "other" in self._declared_effects():
            yield self._only_declared("side effects", self._declared.side_effects)

    def _only_declared(self, kind: str, words: str) -> Decision:
        ready = [name for name in self._mocks if self._answers(name)]
        if ready:
            return yes(kind, f"it declares {words}, and {', '.join(ready)} is mocked with recorded answers")
        return no(kind, f"it declares {words}, and nothing of that is mocked with recorded answers", _mock_action())

    def _seen_leaving(self, kind: str, seen: tuple[Inferred, ...]) -> Decision:
        real = [one for one in seen if not self._mocked_by(one)]
        if real:
            more = f", and {len(real) - 1} more" if len(real) > 1 else ""
            how = "not mocked"
            if kind in self._evidence.forbidden:
                how = f"requires_mocking says {kind}, which ends the call: name the functions that have answers"
            return no(kind, f"{real[0]}{more}; {how}", _mock_action(real[0]))
        names = sorted({name for one in seen for name in [self._mocked_by(one)] if name})
        empty = [name for name in names if not self._answers(name)]
        if empty:
            action = f"record calls of {empty[0]}: decorate it with @tool and let the program run"
            return no(kind, f"{empty[0]} is mocked, and no answer of it was recorded: every call would fail", action)
        answers = ", ".join(f"{name} ({self._answers(name)} recorded answers)" for name in names)
        return yes(kind, f"mocked: {answers}")

    def _database(self) -> Iterator[Decision]:
        seen = self._of("database")
        if not seen and "database" not in self._declared_effects():
            return
        what = str(seen[0]) if seen else f"it declares {self._declared.side_effects}"
        if all(self._mocked_by(one) and self._answers(self._mocked_by(one)) for one in seen) and seen:
            yield yes("database", f"mocked with recorded answers: {what}")
        elif self._walled:
            yield yes(
                "database", f"{what}; a database file is a copy, a server cannot be reached and such calls do not count"
            )
        else:
            yield self._not_walled("database", what)

    def _inside(self) -> Iterator[Decision]:
        """Gates for what stays inside of the sandbox."""
        seen = self._of("files")
        if seen or "files" in self._declared_effects():
            what = str(seen[0]) if seen else f"it declares {self._declared.side_effects}"
            if self._walled:
                yield yes("files", f"{what}; in a scratch copy, and what is written is compared")
            else:
                yield self._not_walled("files", what)
        unknown = self._of("unknown")
        if unknown:
            more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
            what = f"{unknown[0]}{more}; what that does is not known"
            if self._walled:
                how = f"the sandbox ({self._evidence.sandbox}) has no network, and files are given back as they were"
                yield yes("unknown", f"{what}; {how}, and a process that is started is told and counts")
            else:
                yield self._not_walled("unknown", what)
        for kind, why in _HARMLESS.items():
            if self._of(kind):
                yield yes(kind, f"{self._of(kind)[0]}; {why}")

    def _recorded(self) -> Decision:
        evidence = self._evidence
        said = f"{evidence.recorded} replayable calls in the last {evidence.days} days, {evidence.least} are needed"
        if evidence.recorded >= evidence.least:
            return yes("recorded calls", said)
        action = "decorate it with @tool and let the program run, or: gitops-healer executions import FILE"
        return no("recorded calls", said, action)

    def _not_walled(self, kind: str, what: str) -> Decision:
        level = self._evidence.sandbox
        action = "run it where bubblewrap or user namespaces work: gitops-healer doctor tells"
        return no(kind, f"{what}; a sandbox of level {level} does not keep that in", action)

    @property
    def _walled(self) -> bool:
        return self._evidence.sandbox in _WALLED

    def _of(self, kind: str) -> tuple[Inferred, ...]:
        return tuple(one for one in self._what.seen if one.effect == kind)

    # Mocks

    def _mocked_by(self, seen: Inferred) -> str:
        """The name in requires_mocking that stands on the way to an effect, "" when none does. The function itself is
        what is tried, so it does not count."""
        return next(
            (name for name in self._mocks for one in (*seen.functions[1:], seen.callee) if _means(name, one)), ""
        )

    def _answers(self, name: str) -> int:
        return self._evidence.answers.get(name, 0)


def words_of(text: str) -> Iterator[str]:
    """The parts of a declared value: a word, or several with commas between."""
    for part in text.replace(";", ",").split(","):
        word = part.strip().strip("'\"")
        if word and word != "None":
            yield word


def _means(name: str, target: str) -> bool:
    """Whether a mocked name is this function, the module or class that it is in, or the end of its name."""
    short, whole = name.replace(":", "."), target.replace(":", ".")
    return whole == short or whole.startswith(f"{short}.") or whole.endswith(f".{short}")


def _mock_action(seen: Inferred | None = None) -> str:
    named = f" ({seen.functions[-1]})" if seen is not None and len(seen.functions) > 1 else ""
    return f"name the function that does it{named} in requires_mocking, and record calls of it with @tool"
