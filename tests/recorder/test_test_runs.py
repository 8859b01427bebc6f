"""A test run is not production: its calls are recorded only where it asks for that."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import GitRepo

SHOP = """
from gitops_healer.recorder import tool


@tool
def average(ratings):
    return sum(ratings) / len(ratings)
"""
TESTS = """
import unittest

from shop import average


class TestAverage(unittest.TestCase):
    def test_nothing(self):
        self.assertRaises(ZeroDivisionError, average, [])
"""


def spool(repo: GitRepo) -> list[Path]:
    return list((repo.path / ".git" / "gitops-healer" / "spool").glob("*.jsonl"))


@pytest.mark.parametrize("runner", [["pytest", "-q", "-p", "no:cacheprovider"], ["unittest", "-q"]])
def test_what_tests_make_fail_on_purpose_is_not_recorded(make_repo: Callable[..., GitRepo], runner: list[str]) -> None:
    repo = make_repo({"shop.py": SHOP, "test_shop.py": TESTS})
    subprocess.run([sys.executable, "-B", "-m", *runner], cwd=repo.path, check=True, capture_output=True)
    assert spool(repo) == []
    subprocess.run([sys.executable, "-B", "-c", "import shop; shop.average([1])"], cwd=repo.path, check=True)
    assert len(spool(repo)) == 1
