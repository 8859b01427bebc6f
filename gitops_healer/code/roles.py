"""What a file is for, told by its path."""

import re
from functools import lru_cache

_TEST = re.compile(r"(?:^|/)(?:tests?|testsuite|test_[^/]*|[^/]*_tests?(?:\.py)?|conftest\.py)(?:/|$)")


@lru_cache(1 << 16)
def is_test_path(path: str) -> bool:
    """Whether a file belongs to tests: by a directory `test` or `tests`, or a name like `test_x.py`."""
    return _TEST.search(path) is not None
