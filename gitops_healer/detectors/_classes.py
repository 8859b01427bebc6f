"""What several detectors of classes ask."""

import re
from collections.abc import Iterable

_TEST_CLASS = re.compile(r"Test([A-Z0-9_]|$)|.*(Tests?|TestCase)$")


def is_test_class(name: str, bases: Iterable[str]) -> bool:
    """By its own name, or when a base is a test case."""
    return _TEST_CLASS.match(name) is not None or any(base.endswith(("TestCase", "Test")) for base in bases)
