"""What a file is for, told by its path."""

import re

_TEST = re.compile(r"(?:^|/)(?:tests?|testsuite|test_[^/]*|[^/]*_tests?(?:\.py)?|conftest\.py)(?:/|$)")


def is_test_path(path: str) -> bool:
    """Whether a file belongs to tests: by a directory `test` or `tests`, or a name like `test_x.py`."""
    return _TEST.search(path) is not None
