"""Reference pages, written from the code: `python -m gitops_healer.report.reference` renews them."""

import inspect
import re
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path

from gitops_healer.core.comments import MAX_ORDERS, RENAMED
from gitops_healer.core.forge import Permission
from gitops_healer.core.messages import messages_page
from gitops_healer.core.revising import FORMS
from gitops_healer.registry import Command, Detector, Metric, discover
from gitops_healer.repair.search.template import Example, RepairTemplate
from gitops_healer.settings import default_sources, load_settings

_HEAD = """\
# What is looked for

`detection.disabled` in `.github/gitops-healer.yml` turns detectors off. A comment `# healer: ignore[rule] reason` on
the line of a finding (or alone on the line above) leaves it out, `# healer: ignore-file[rule] reason` leaves out those
of a whole file. This page is written from the code.
"""
_CODE = """\
# In the code

`gitops-healer scan` runs these. They read git objects and run nothing.
"""
_EXAMPLES = 3
_TEMPLATES = """\
# Repair templates

What [repair by search](repair.md) tries: each template knows one kind of mistake and yields every small edit that would
mend it. The prior says how often the right edit comes from a template, relative to the others: guessed by published
counts, and fitted half way to the bugs in `benchmarks/bugs/shown` (`benchmarks/priors.py`). This page is written from
the code.
"""
_COMMANDS = """\
# Commands

A maintainer writes a command at the start of a line of a comment, on a pull request of the healer, on an issue, or
with `gitops-healer command "/approve" --actor LOGIN --pull 7`. The healer puts a reaction under the comment, and
answers once.

* Case does not matter, and `-` counts as `_`. `@login` of the healer may stand before it, and then the slash may be
  left out: `@octo-healer approve`.
* UPGRADE is an id (`up-1a2b3c4d5e`, or the beginning of it) or a codename (`calm-fox`). On a pull request of the
  healer it can be left out. `"quotes"` keep words together. A command ends with its line.
* A command in a quote, a list, a table, a heading, code, HTML or an HTML comment is only mentioned. So is one behind
  an invisible character. What another bot writes is never obeyed.
* An edited comment is never obeyed; it gets one answer that says to write a new one. At most {most} commands of a
  comment are obeyed.
* Who may: what only shows something needs the permission to read the repository, everything else to write, `/permit`
  is for admins. On GitHub that is the collaborator permission; with the local forge it is what `/permit` gave.
* A command that is spelled nearly right is asked about; what is far from any command gets no answer.

This page is written from the code.
"""
_REVISING = """\
`TEXT` is read without a model. Several wishes are joined by `;` or `and`, and the last word about the same thing
counts:

{forms}

What is not understood is asked back, and nothing is changed. When no option of the upgrade is all of that, the plan
stays as it is, and the answer says what each option violates.
"""
_REQUESTING = """\
COMPONENT is a file, a folder, a module (`billing.invoices`) or a function (`billing.invoices:total`), however it is
spelled; `not COMPONENT` leaves one out. The other words are read without a model: kinds of flaw ("duplicated code",
"circular imports", "slow") choose among the findings, words that name a part of the code choose that part, the rest
says what comes first. When it is not clear what is meant, the healer asks, and `/answer` starts the request again.
"""
_MORE = {"revise_plan": _REVISING.format(forms="\n".join(f"* `{form}`" for form in FORMS)), "self_upgrade": _REQUESTING}
_MAY = {Permission.NONE: "anybody", Permission.READ: "readers", Permission.WRITE: "writers", Permission.ADMIN: "admins"}
_BEHAVIOUR = """\
# In executions and tests

`gitops-healer heal` and `watch` run these in each cycle, beside `circular_import`: they read what production recorded
(see [recorder.md](recorder.md)), or run the project's tests in the sandbox. `scan` does not run them.
"""
_METRICS = """\
# Metrics

What is measured before and after a merge. Each metric gives readings: a subject (a tool, a test, a check), how often it
was called and failed before the merge, and since. What becomes of them is the same for all:
[monitoring.md](monitoring.md), which also says how those are configured that have to be. This page is written from the
code; another package adds its own by the entry point `gitops_healer.metrics`.
"""


def metrics_page(metrics: Iterable[Metric]) -> str:
    """The documentation of all metrics, as Markdown."""
    known = sorted(metrics, key=lambda metric: metric.name)
    rows = "\n".join(f"| [`{one.name}`](#{one.name}) | {_cell(one.help)} |" for one in known)
    sections = (f"## {one.name}\n\n{(inspect.getdoc(one.run) or '').strip()}\n" for one in known)
    return "\n".join([_METRICS, f"| metric | measures |\n|---|---|\n{rows}\n", *sections])


def detectors_page(detectors: Iterable[Detector]) -> str:
    """The documentation of all detectors, with their settings, as Markdown."""
    known = list(detectors)
    code = [detector for detector in known if detector.reads == "code"]
    others = [detector for detector in known if detector.reads != "code"]
    return "\n".join([_HEAD, *_part(_CODE, code), *_part(_BEHAVIOUR, others)])


def _part(head: str, detectors: Iterable[Detector]) -> list[str]:
    rows = "\n".join(f"| [`{item.name}`](#{item.name}) | {item.help} |" for item in detectors)
    return [head, f"| rule | finds |\n|---|---|\n{rows}\n", *(_section(detector) for detector in detectors)]


def _section(detector: Detector) -> str:
    body = inspect.cleandoc(detector.doc).strip()
    settings = settings_of(detector.name)
    block = f"\n\n```yaml\ndetection:\n{settings}```" if settings else ""
    return f"## {detector.name}\n\n{body}{block}\n"


def settings_of(rule: str) -> str:
    """The lines of the default policy about one rule, with their comments."""
    text = next(source.text for source in default_sources() if source.name.endswith("detection.yml")).decode()
    match = re.search(rf"^  {re.escape(rule)}:.*\n(?:    .*\n)*", text, re.MULTILINE)
    return match[0] if match else ""


def templates_page(templates: Iterable[RepairTemplate]) -> str:
    """The documentation of all repair templates, with their examples as diffs, as Markdown."""
    known = sorted(templates, key=lambda template: template.name)
    rows = "\n".join(f"| [`{one.name}`](#{one.name}) | {one.help} | {one.prior:.3f} |" for one in known)
    table = f"| template | what it does | prior |\n|---|---|---|\n{rows}\n"
    return "\n".join([_TEMPLATES, table, *(_template_section(one) for one in known)])


def _template_section(template: RepairTemplate) -> str:
    examples = "\n".join(_example(one) for one in template.examples[:_EXAMPLES])
    return f"## {template.name}\n\n{inspect.cleandoc(template.doc).strip()}\n\n{examples}"


def _example(example: Example) -> str:
    lines = unified_diff(example.before.splitlines(), example.after.splitlines(), lineterm="", n=9)
    return "\n".join(["```diff", *list(lines)[3:], "```", ""])


def commands_page(commands: Iterable[Command]) -> str:
    """The documentation of all commands, as Markdown."""
    known = sorted(commands, key=lambda command: command.name)
    rows = "\n".join(
        f"| [`{_cell(one.usage)}`](#{one.name}) | {_cell(one.help)} | {_MAY[one.needs]} |" for one in known
    )
    table = f"| write | to | who may |\n|---|---|---|\n{rows}\n"
    renamed = ", ".join(f"`/{old}` is `/{new}`" for old, new in RENAMED.items())
    return "\n".join(
        [_COMMANDS.format(most=MAX_ORDERS), table, f"Renamed: {renamed}.\n", *(_command_section(one) for one in known)]
    )


def _command_section(command: Command) -> str:
    doc = (inspect.getdoc(command.run) or "").strip()
    examples = "\n".join(command.examples)
    parts = [f"## {command.name}", f"`{command.usage}`, for {_MAY[command.needs]}.", doc, _MORE.get(command.name, "")]
    return "\n\n".join(part.strip() for part in [*parts, f"```text\n{examples}\n```"] if part) + "\n"


def _cell(text: str) -> str:
    """A bar would end the cell of a table, in code as well."""
    return text.replace("|", "\\|")


def write(docs: Path) -> None:
    templates = discover("gitops_healer.repair.search.templates", RepairTemplate)
    (docs / "templates.md").write_text(templates_page(templates), encoding="utf-8")
    (docs / "detectors.md").write_text(detectors_page(discover("gitops_healer.detectors", Detector)), encoding="utf-8")
    (docs / "commands.md").write_text(commands_page(discover("gitops_healer.commands", Command)), encoding="utf-8")
    (docs / "metrics.md").write_text(metrics_page(discover("gitops_healer.metrics", Metric)), encoding="utf-8")
    (docs / "messages.md").write_text(messages_page(load_settings().messages.model_dump()), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
