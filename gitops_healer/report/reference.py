"""Reference pages, written from the code: `python -m gitops_healer.report.reference` renews them."""

import inspect
import re
from collections.abc import Iterable
from pathlib import Path

from gitops_healer.registry import Detector, discover
from gitops_healer.settings import default_sources

_HEAD = """\
# What a scan looks for

`gitops-healer scan` runs every detector that reads code; `detection.disabled` in `.github/gitops-healer.yml` turns
some off. A comment `# healer: ignore[rule] reason` on the line of a finding (or alone on the line above) leaves it
out, `# healer: ignore-file[rule] reason` leaves out those of a whole file. This page is written from the code.
"""


def detectors_page(detectors: Iterable[Detector]) -> str:
    """The documentation of all detectors that read code, with their settings, as Markdown."""
    shown = [detector for detector in detectors if detector.reads == "code"]
    rows = "\n".join(f"| [`{item.name}`](#{item.name}) | {item.help} |" for item in shown)
    table = f"| rule | finds |\n|---|---|\n{rows}\n"
    return "\n".join([_HEAD, table, *(_section(detector) for detector in shown)])


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


def write(docs: Path) -> None:
    (docs / "detectors.md").write_text(detectors_page(discover("gitops_healer.detectors", Detector)), encoding="utf-8")


if __name__ == "__main__":
    write(Path("docs"))
