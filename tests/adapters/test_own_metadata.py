"""Programs that ask for their own version."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from gitops_healer.adapters.own_metadata import named, write_own_metadata


@pytest.mark.parametrize(
    ("files", "known"),
    [
        ({"pyproject.toml": '[project]\nname = "My.Shop"\nversion = "1.2"\n'}, ("My.Shop", "1.2")),
        ({"pyproject.toml": '[project]\nname = "shop"\ndynamic = ["version"]\n'}, ("shop", "0.0.0")),
        ({"pyproject.toml": '[tool.poetry]\nname = "shop"\nversion = "2"\n'}, ("shop", "2")),
        ({"setup.cfg": "[metadata]\nname = shop\nversion = attr: shop.__version__\n"}, ("shop", "0.0.0")),
        ({"PKG-INFO": "Name: shop\nVersion: 3\n", "pyproject.toml": '[project]\nname = "x"\n'}, ("shop", "3")),
        ({"pyproject.toml": "[project\n"}, ("", "")),
        ({"pyproject.toml": '[project]\nname = "../../x"\n'}, ("", "")),
        ({"pyproject.toml": "[tool]\nother = 1\n", "setup.cfg": "no section\n"}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_name_and_version_are_read_from_what_there_is(
    tmp_path: Path, files: Mapping[str, str], known: tuple[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert named(tmp_path) == known


def test_what_is_installed_is_left_alone(tmp_path: Path) -> None:
    tree, inside = tmp_path / "tree", tmp_path / "inside"
    for name, written in (("pytest", []), ("not-installed-at-all", ["not_installed_at_all-1.dist-info"])):
        tree.mkdir(exist_ok=True)
        inside.mkdir(exist_ok=True)
        (tree / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
        write_own_metadata(tree, inside, Path(sys.executable))
        assert [path.name for path in inside.iterdir()] == written
