"""What a repair template is: one file, one function, from a site to the ways in which it fails.

A template says which expression raises and when (`Fault`); `forms` turns that and a remedy into changes. So a new
template is a few lines, and all templates can guard, substitute, skip and raise.
"""

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gitops_healer.registry import Plugin, help_of
from gitops_healer.repair.site import Site, names_in


@dataclass(frozen=True)
class Direct:
    """A rewriting of the expression itself. before, after: the text around the value; values: the only ones that it
    is good for, when there are any; specificity: as of a candidate; bare: the shorter text for None, if there is one.
    """

    before: str
    after: str
    values: tuple[str, ...] = ()
    specificity: float = 1.0
    bare: str = ""

    def text(self, value: str) -> str:
        if value == "None" and self.bare:
            return self.bare
        return f"{self.before}{value}{self.after}"


@dataclass(frozen=True, eq=False)
class Fault:
    """One way in which a sub-expression raises.

    node: what raises, and what a substituted value replaces; trigger: a condition that holds exactly when it raises,
    "" when there is none that can be asked without harm; safe: its opposite; catch: the builtin error to catch, ""
    when catching would swallow too much; subject: the operand that is wrong; traits: what is wrong with it, in the
    words of `docstring`; says: the same for a reader; key: the missing key; neutral: values that suit the place;
    direct: rewritings of `node` that hold the substituted value; hoist: an operand that must get a name before it can
    be asked (`trigger` and `safe` then hold `{}` for that name); adapt: (characters left out, the operand without);
    also: what else may be wrong, such as the key or the index.
    """

    node: ast.expr
    subject: ast.expr
    trigger: str
    safe: str
    catch: str
    traits: frozenset[str]
    says: str
    key: str = ""
    neutral: tuple[str, ...] = ()
    direct: tuple[Direct, ...] = ()
    hoist: ast.expr | None = None
    adapt: tuple[tuple[str, str], ...] = ()
    also: ast.expr | None = None

    @property
    def names(self) -> frozenset[str]:
        return names_in(self.subject) | (names_in(self.also) if self.also is not None else frozenset())


@dataclass(frozen=True)
class Template(Plugin):
    """errors: simple class names that it knows; prior: 0 to 1, how often its candidates are right."""

    errors: tuple[str, ...]
    prior: float
    run: Callable[[Site], Iterable[Fault]] = field(compare=False)

    def __call__(self, site: Site) -> tuple[Fault, ...]:
        return tuple(self.run(site)) if site.error in self.errors else ()


def template(*, errors: tuple[str, ...], prior: float) -> Callable[[Callable[[Site], Iterable[Fault]]], Template]:
    return lambda run: Template(run.__name__, help_of(run), errors, prior, run)
