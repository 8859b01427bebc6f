"""Reference pages, written from the code: `python -m gitops_healer.report.reference` renews them."""

import inspect
import re
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path

from gitops_healer.registry import Detector, discover
from gitops_healer.repair.search.template import Example, RepairTemplate
from gitops_healer.settings import default_sources

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
_BEHAVIOUR = """\
# In executions and tests

`gitops-healer heal` and `watch` run these in each cycle, beside `circular_import`: they read what production recorded
(see [recorder.md](recorder.md)), or run the project's tests in the sandbox. `scan` does not run them.
"""


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


def write(docs: Path) -> None:
    templates = discover("gitops_healer.repair.search.templates", RepairTemplate)
    (docs / "templates.md").write_text(templates_page(templates), encoding="utf-8")
    (docs / "detectors.md").write_text(detectors_page(discover("gitops_healer.detectors", Detector)), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
