"""Files in memory as detectors see them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gitops_healer.code.roles import is_test_path
from gitops_healer.core.finding import Finding
from gitops_healer.registry import Absent, Detector, FileView, Scene
from gitops_healer.settings import Settings, load_settings
from tests.code.models import Shelf, model_of

Files = Mapping[str, str | bytes]


def settings_with(**options: Any) -> Settings:
    """The defaults but for these: `god_class__max_methods=3`."""
    return load_settings(options={f"detection.{key.replace('__', '.')}": value for key, value in options.items()})


def seen_in_file(detector: Detector, source: str, path: str = "a.py", **options: Any) -> list[Finding]:
    """What a detector of single files finds in one."""
    facts = model_of({path: source}).facts(path, detail=True)
    assert facts.analyzable, facts.reason
    assert detector.look is not None
    return list(detector.look(FileView(path, facts, settings_with(**options), is_test_path(path))))


def seen_in_whole(detector: Detector, files: Files, **options: Any) -> list[Finding]:
    """What a detector of whole repositories finds in one of these files."""
    absent: Any = Absent("the test has code alone")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    cache: Any = Shelf()
    scene = Scene(
        "0" * 40, now, absent, model_of(files), absent, absent, absent, absent, cache, settings_with(**options), print
    )
    return list(detector(scene))
