"""Pages written from the code are those of the code."""

from pathlib import Path

from gitops_healer.registry import Command, Detector, Metric, discover
from gitops_healer.repair.search.template import RepairTemplate
from gitops_healer.report.reference import commands_page, detectors_page, metrics_page, settings_of, templates_page

DETECTORS = discover("gitops_healer.detectors", Detector)
TEMPLATES = discover("gitops_healer.repair.search.templates", RepairTemplate)


def test_the_page_of_templates_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "templates.md"
    assert page.read_text() == templates_page(TEMPLATES), "renew it: python -m gitops_healer.report.reference"


def test_the_page_of_detectors_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "detectors.md"
    assert page.read_text() == detectors_page(DETECTORS), "renew it: python -m gitops_healer.report.reference"


def test_the_page_of_commands_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "commands.md"
    commands = discover("gitops_healer.commands", Command)
    assert page.read_text() == commands_page(commands), "renew it: python -m gitops_healer.report.reference"


def test_the_page_of_metrics_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    metrics = discover("gitops_healer.metrics", Metric)
    assert page.read_text() == metrics_page(metrics), "renew it: python -m gitops_healer.report.reference"


def test_every_detector_says_what_it_is_and_what_can_be_set() -> None:
    for detector in DETECTORS:
        assert detector.help.endswith("."), detector.name
        if detector.name != "custom_pattern":
            assert len(detector.doc.splitlines()) > 3, detector.name
            assert settings_of(detector.name), detector.name


def test_detectors_of_behaviour_stand_in_a_part_of_their_own() -> None:
    code, behaviour = detectors_page(DETECTORS).split("# In executions and tests\n")
    for detector in DETECTORS:
        here, there = (code, behaviour) if detector.reads == "code" else (behaviour, code)
        assert f"\n## {detector.name}\n" in here, detector.name
        assert f"\n## {detector.name}\n" not in there, detector.name
