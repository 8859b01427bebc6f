"""A suite is opened for functions that it may call, and for no others."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.repository import open_repository
from gitops_healer.code.model import CodeModel
from gitops_healer.proof.observing import audible
from gitops_healer.proof.subjects import Subject

SHOP = {"shop/__init__.py": "", "shop/bill.py": "def total(x):\n    return x\n"}


@pytest.mark.parametrize(
    ("files", "heard"),
    [
        ({}, True),  # nothing looks like a test: nobody knows
        ({"tests/test_bill.py": "from shop.bill import total\n"}, True),
        ({"shop/till.py": "from shop import bill\n", "tests/test_till.py": "import shop.till\n"}, True),
        ({"tests/test_other.py": "import json\n"}, False),
        ({"shop/till.py": "from shop import bill\n", "tests/test_other.py": "import json\n"}, False),
        ({"tests/test_other.py": "import json\nfound = getattr(json, 'total', None)\n"}, True),
        ({"tests/test_other.py": "", "shop/bill.py": '"""\n>>> total(1)\n1\n"""\ndef total(x):\n    return x\n'}, True),
    ],
)
def test_tests_are_listened_to_where_they_may_call(
    make_repo: Callable[..., Any], files: Mapping[str, str], heard: bool
) -> None:
    repo = make_repo({**SHOP, **files})
    repository = open_repository(repo.path)
    code = CodeModel(repository.files(repo.git("rev-parse", "HEAD")), repository.read_blob, MemoryCache())
    subject = Subject("shop.bill:total", "shop/bill.py", "total", "shop/bill.py", True)
    assert audible(code, [subject]) == ((subject,) if heard else ())
