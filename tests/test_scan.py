"""Stories of `gitops-healer scan`, told through the command line on real repositories."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]

BIG = "class Big:\n" + "".join(f"    def m{n}(self):\n        return self.x{n}\n" for n in range(21))
CYCLE = {"p/__init__.py": "", "p/a.py": "from . import b\n", "p/b.py": "import p.a\n"}


def run(repo: Any, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "gitops_healer", "scan", str(repo.path), *arguments], capture_output=True, check=False
    )
    assert done.returncode == code, done.stderr.decode()
    return done


def scan(repo: Any, *arguments: str, code: int = 0) -> dict[str, Any]:
    document = json.loads(run(repo, "--format", "json", *arguments, code=code).stdout)
    assert isinstance(document, dict)
    return document


def rules(document: dict[str, Any]) -> list[str]:
    return sorted(finding["rule"] for finding in document["findings"])


def without_stats(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "stats"}


def test_the_document_has_what_other_programs_depend_on(make_repo: Make) -> None:
    repo = make_repo({**CYCLE, "big.py": BIG})
    document = scan(repo)
    assert document["schema"] == 1
    assert (document["ref"], document["commit"]) == ("HEAD", repo.git("rev-parse", "HEAD"))
    module = document["modules"]["big.py"]
    assert (module["analyzable"], module["total_lines"], module["complexity_score"]) == (True, 43, 21)
    assert module["classes"] == [{"name": "Big", "start": 1, "end": 43, "methods": 21, "bases": []}]
    assert module["functions"][0] == {
        "name": "Big.m0", "start": 2, "end": 3, "arguments": 1, "cyclomatic": 1, "cognitive": 0,
    }  # fmt: skip
    assert document["modules"]["p/a.py"]["imports"] == [
        {"line": 1, "kind": "module", "level": 1, "module": "", "names": ["b"]}
    ]
    (cycle,) = document["global_issues"]["circular_imports"]
    assert cycle["modules"] == ["p.a", "p.b"]
    assert cycle["edges"] == [["p.a", "p.b", 1], ["p.b", "p.a", 1]]
    assert len(cycle["cut"]) == 1
    assert rules(document) == ["circular_import", "god_class"]
    finding = next(item for item in document["findings"] if item["rule"] == "god_class")
    assert (finding["path"], finding["symbol"], finding["start"], finding["end"]) == ("big.py", "big.Big", 1, 43)
    (suggestion, _) = sorted(document["upgrade_suggestions"], key=lambda item: item["type"])
    assert suggestion["type"] == "break_cycle"
    assert suggestion["affected_modules"] == ["p/a.py", "p/b.py"]
    assert document["stats"]["files"] == 4
    assert document["stats"]["parsed"] == len({"", *CYCLE.values(), BIG})


def test_what_did_not_change_is_not_read_again(make_repo: Make) -> None:
    repo = make_repo({**CYCLE, "big.py": BIG})
    first = scan(repo)
    again = scan(repo)
    assert without_stats(again) == without_stats(first)
    assert (again["stats"]["parsed"], again["stats"]["cached"]) == (0, first["stats"]["parsed"])
    repo.commit({"p/b.py": "x = 1\n"})
    changed = scan(repo)
    assert changed["stats"]["parsed"] == 1
    assert rules(changed) == ["god_class"]
    assert without_stats(changed) == without_stats(scan(repo, "--no-cache"))


def test_the_same_answer_is_not_given_when_the_policy_changed(make_repo: Make) -> None:
    repo = make_repo({"big.py": BIG})
    assert rules(scan(repo)) == ["god_class"]
    repo.commit({".github/gitops-healer.yml": "detection:\n  god_class:\n    max_methods: 30\n"})
    assert rules(scan(repo)) == []
    repo.commit({".github/gitops-healer.yml": "detection:\n  disabled: [dead_code]\n"})
    assert rules(scan(repo)) == ["god_class"]


def test_any_ref_can_be_scanned_and_the_work_tree_does_not_count(make_repo: Make) -> None:
    repo = make_repo({"big.py": BIG})
    old = repo.git("rev-parse", "HEAD")
    repo.commit({"big.py": "x = 1\n"})
    repo.write({"big.py": BIG})
    assert rules(scan(repo)) == []
    assert rules(scan(repo, "--ref", old)) == ["god_class"]
    repo.git("checkout", "--quiet", "--force", "--detach", old)
    assert rules(scan(repo)) == ["god_class"]


def test_what_cannot_be_read_is_told_and_the_rest_goes_on(make_repo: Make) -> None:
    repo = make_repo({"broken.py": "def (:\n", "big.py": BIG})
    document = scan(repo)
    assert document["modules"]["broken.py"]["analyzable"] is False
    assert "line 1" in document["modules"]["broken.py"]["reason"]
    assert rules(document) == ["god_class"]
    assert "broken.py" in run(repo).stdout.decode()


def test_a_comment_ends_a_finding_and_its_reason_is_kept(make_repo: Make) -> None:
    repo = make_repo({"big.py": BIG.replace("class Big:", "class Big:  # healer: ignore[god_class] a facade")})
    document = scan(repo)
    assert rules(document) == []
    assert [(item["rule"], item["reason"]) for item in document["ignored"]] == [("god_class", "a facade")]
    repo.commit({"big.py": "# healer: ignore-file\n" + BIG})
    assert rules(scan(repo)) == []
    repo.commit({"big.py": "# healer: ignore-file[complexity]\n" + BIG})
    assert rules(scan(repo)) == ["god_class"]


def test_an_old_code_base_starts_clean(make_repo: Make) -> None:
    repo = make_repo({"big.py": BIG, "broken.py": BIG.replace("Big", "Other")})
    run(repo, "--update-baseline")
    repo.commit()
    document = scan(repo)
    assert (document["findings"], document["known"]) == ([], 2)
    repo.commit({"moved.py": "# moved\n" + BIG, "big.py": "", "new.py": BIG.replace("Big", "New")})
    assert [item["path"] for item in scan(repo)["findings"]] == ["new.py"]
    # An incremental run forgets nothing of files that it did not read.
    repo.commit({"broken.py": "def (:\n"})
    run(repo, "--update-baseline", "--path", "moved.py")
    listed = json.loads((repo.path / ".github/gitops-healer-baseline.json").read_text())["findings"]
    assert {item["path"] for item in listed} == {"moved.py", "broken.py"}


def test_a_pull_request_is_asked_about_what_is_new(make_repo: Make) -> None:
    repo = make_repo({"big.py": BIG})
    base = repo.git("rev-parse", "HEAD")
    repo.commit({"other.py": BIG.replace("Big", "Other"), "big.py": "\n\n" + BIG})
    document = scan(repo, "--new-since", base, "--fail-on", "low", code=1)
    assert [item["path"] for item in document["findings"]] == ["other.py"]
    assert document["known"] == 1
    assert scan(repo, "--new-since", "HEAD", "--fail-on", "low")["findings"] == []


def test_one_component_can_be_scanned(make_repo: Make) -> None:
    repo = make_repo({**CYCLE, "src/big.py": BIG})
    document = scan(repo, "--path", "src")
    assert list(document["modules"]) == ["src/big.py"]
    assert rules(document) == ["god_class"]
    assert rules(scan(repo, "--path", "p/*.py")) == ["circular_import"]


@pytest.mark.parametrize(("level", "code"), [("low", 1), ("medium", 1), ("high", 0)])
def test_ci_can_ask_for_a_failure(make_repo: Make, level: str, code: int) -> None:
    repo = make_repo(CYCLE)
    run(repo, "--fail-on", level, code=code)
    run(repo, "--fail-on", level, code=code)  # the remembered answer has the same code


@pytest.mark.parametrize("form", ["json", "sarif", "html", "text"])
def test_the_output_can_go_to_a_file(make_repo: Make, tmp_path: Path, form: str) -> None:
    repo = make_repo(CYCLE)
    file = tmp_path / "out"
    for _ in range(2):
        done = run(repo, "--format", form, "--output", str(file))
        assert done.stdout == b""
        assert b"wrote" in done.stderr
        assert b"p.a" in file.read_bytes()
        file.unlink()


REFUSED: list[tuple[Sequence[str], int, str]] = [
    (["--ref", "nowhere"], 2, "git log"),
    (["--new-since", "nowhere"], 2, "nowhere"),
    (["--baseline", "nowhere.json"], 2, "--update-baseline"),
    (["--format", "xml"], 2, "xml"),
    (["--output", "/nowhere/out", "--format", "json"], 3, "/nowhere/out"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), REFUSED)
def test_a_refusal_says_what_to_do(make_repo: Make, arguments: Sequence[str], code: int, said: str) -> None:
    assert said in run(make_repo({"a.py": ""}), *arguments, code=code).stderr.decode()


def test_a_fresh_clone_with_a_restored_cache_reads_nothing(make_repo: Make, tmp_path: Path) -> None:
    repo = make_repo({**CYCLE, "big.py": BIG})
    scan(repo)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(repo.path), str(clone)], check=True)
    state = clone / ".git" / "gitops-healer"
    state.mkdir()
    (state / "cache.sqlite").write_bytes((repo.path / ".git/gitops-healer/cache.sqlite").read_bytes())
    os.utime(clone / "big.py", (0, 0))
    done = subprocess.run(
        [sys.executable, "-m", "gitops_healer", "scan", str(clone), "--format", "json"], capture_output=True, check=True
    )
    assert json.loads(done.stdout)["stats"]["parsed"] == 0


def test_what_could_not_be_read_once_is_read_the_next_time(make_repo: Make) -> None:
    lines = "".join(f"x{n * n * 7919} = {n**5}\n" for n in range(4000))  # long enough to break behind its header
    repo = make_repo({"big.py": BIG + lines, "a.py": "import big\n"})
    blob = repo.git("rev-parse", "HEAD:big.py")
    file = repo.path / ".git/objects" / blob[:2] / blob[2:]
    whole = file.read_bytes()
    file.chmod(0o644)
    middle = len(whole) // 2
    file.write_bytes(
        whole[:middle] + bytes(255 - byte for byte in whole[middle : middle + 400]) + whole[middle + 400 :]
    )
    for _ in range(2):
        broken = scan(repo)
        assert broken["modules"]["big.py"]["analyzable"] is False
        assert blob in broken["modules"]["big.py"]["reason"]
    file.write_bytes(whole)
    mended = scan(repo)
    assert "god_class" in rules(mended)
    assert without_stats(mended) == without_stats(scan(repo, "--no-cache"))


def test_files_that_are_left_out_do_not_count(make_repo: Make) -> None:
    policy = "detection:\n  exclude: [vendor]\n"
    repo = make_repo(
        {".github/gitops-healer.yml": policy, "vendor/v.py": BIG, "vendor/w.py": "x = 1\n", "a.py": "y = 2\n"}
    )
    stats = scan(repo)["stats"]
    assert (stats["files"], stats["parsed"], stats["cached"]) == (1, 3, 0)
