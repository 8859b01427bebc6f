"""The forge server as git sees it: transport, who may push what, and what follows from a push."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.forge_server import ForgeServer
from tests.forge_server.git_http import packet, with_reasons

SHOP = "octo/shop"


@dataclass
class Clone:
    """A work tree of somebody who has a token."""

    path: Path
    url: str

    def git(self, *arguments: str, fails: bool = False) -> str:
        """Run git; stdout and stderr together."""
        done = subprocess.run(
            ["git", "-c", "user.name=Robin", "-c", "user.email=robin@example.org", *arguments],
            cwd=self.path, capture_output=True, check=False, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        )  # fmt: skip
        text = (done.stdout + done.stderr).decode(errors="replace")
        assert (done.returncode != 0) == fails, text
        return text.strip()

    def commit(self, name: str, content: str | bytes = "new\n") -> str:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Write {name}")
        return self.git("rev-parse", "HEAD")

    def push(self, *refspecs: str, fails: bool = False, options: tuple[str, ...] = ()) -> str:
        return self.git("push", *options, self.url, *refspecs, fails=fails)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForgeServer]:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("1\n2\n3\n")
    with ForgeServer(tmp_path / "forge") as server:
        server.create_repository(SHOP, source)
        server.permit(SHOP, "robin", "write")
        yield server


@pytest.fixture
def clone(server: ForgeServer, tmp_path: Path) -> Callable[[str], Clone]:
    """clone(token): a clone whose pushes carry the token."""

    def make(token: str, *options: str, name: str = "clone") -> Clone:
        made = Clone(tmp_path, server.repository(SHOP).clone_url.replace("://", f"://x-access-token:{token}@"))
        made.git("clone", "--quiet", *options, made.url, name)
        made.path = tmp_path / name
        return made

    return make


def test_git_does_all_that_the_healer_asks_of_a_remote(server: ForgeServer, clone: Callable[..., Clone]) -> None:
    git, shop = clone(server.token("pat", SHOP, "robin")), server.repository(SHOP).git
    first = git.git("rev-parse", "HEAD")

    one = git.commit("b.txt")
    git.push("HEAD:refs/heads/healer/x/1")
    assert shop.branch("healer/x/1") == one

    git.git("reset", "--quiet", "--hard", first)
    two = git.commit("c.txt")
    assert "non-fast-forward" in git.push("HEAD:healer/x/1", fails=True)
    stale = git.push("HEAD:healer/x/1", options=(f"--force-with-lease=healer/x/1:{first}",), fails=True)
    assert "stale info" in stale and shop.branch("healer/x/1") == one
    git.push("HEAD:healer/x/1", options=(f"--force-with-lease=healer/x/1:{one}",))
    assert shop.branch("healer/x/1") == two

    big = git.commit("big.bin", os.urandom(2_500_000))  # over http.postBuffer: the body comes in chunks
    refs = ("HEAD:refs/heads/big", "HEAD:refs/healer/restore/x")
    git.push(*refs, options=("--atomic",))
    assert shop.branch("big") == shop.ref("refs/healer/restore/x") == big
    git.push("HEAD:refs/heads/good", f"{one}:refs/heads/big", options=("--atomic",), fails=True)
    assert shop.branch("good") is None

    git.push(":refs/heads/big", ":refs/healer/restore/x")
    assert shop.branch("big") is None and shop.ref("refs/healer/restore/x") is None
    assert "deny updating a hidden ref" in git.push("HEAD:refs/pull/1/head", fails=True)
    assert server.calls().pushes == 8 and not server.crashes


@pytest.mark.parametrize("options", [("--depth=1",), ("--filter=blob:none",), ("--single-branch",), ("--mirror",)])
def test_every_kind_of_clone(server: ForgeServer, clone: Callable[..., Clone], options: tuple[str, ...]) -> None:
    robin = server.person("robin", SHOP)
    head = robin.push("main", {"a.txt": "4\n"})
    made = clone(server.token("pat", SHOP, "robin"), *options, name="other")
    assert head in made.git("log", "--format=%H")
    gone = robin.force_push("lost", {"x.txt": "x"})
    robin.delete_branch("lost")
    made.git("fetch", "--quiet", made.url, gone)
    assert made.git("show", f"{gone}:x.txt") == "x"


WORKFLOW = ".github/workflows/ci.yml"
PUSHES = {
    "a writer": ("pat", "write", None, "b.txt", ""),
    "a reader": ("pat", "read", None, "b.txt", "Permission to octo/shop.git denied to robin"),
    "a token that may only read": ("actions", "write", {"contents": "read"}, "b.txt", "denied to github-actions[bot]"),
    "a writer who may change workflows": ("pat", "write", {"contents": "write", "workflows": "write"}, WORKFLOW, ""),
    "a writer who may not": ("pat", "write", None, WORKFLOW, "refusing to allow a Personal Access Token to create or "
                             "update workflow `.github/workflows/ci.yml` without `workflows` permission"),
    "GITHUB_TOKEN never": ("actions", "write", {"contents": "write", "workflows": "write"}, WORKFLOW,
                           "[remote rejected] HEAD -> work (refusing to allow a GitHub App to create or update"),
}  # fmt: skip


@pytest.mark.parametrize("case", PUSHES.values(), ids=PUSHES.keys())
def test_who_may_push(
    server: ForgeServer, clone: Callable[..., Clone], case: tuple[str, str, dict[str, str] | None, str, str]
) -> None:
    kind, role, permissions, path, said = case
    server.permit(SHOP, "robin", role)
    git = clone(server.token(kind, SHOP, "robin", permissions))
    git.commit(path)
    told = git.push("HEAD:work", fails=bool(said))
    assert said in told
    assert (server.repository(SHOP).git.branch("work") is None) == bool(said)


@pytest.mark.parametrize(
    ("classic", "refspec", "said"),
    [
        (True, "HEAD:main", "(protected branch hook declined)"),
        (True, "HEAD:main", "GH006: Protected branch update failed for refs/heads/main."),
        (True, ":main", "Cannot delete this branch"),
        (False, "HEAD:main", "(push declined due to repository rule violations)"),
        (False, "HEAD:main", "Changes must be made through a pull request."),
        (False, "+HEAD~1:main", "Cannot force-push to this branch"),
    ],
)
def test_a_protected_branch_takes_no_push(
    server: ForgeServer, clone: Callable[..., Clone], classic: bool, refspec: str, said: str
) -> None:
    server.person("robin", SHOP).push("main", {"a.txt": "second\n"})
    server.protect(SHOP, "main", reviews=1, classic=classic)
    git = clone(server.token("pat", SHOP, "robin"))
    if refspec.startswith("HEAD"):
        git.commit("b.txt")
    before = server.repository(SHOP).git.branch("main")
    assert said in git.push(refspec, fails=True)
    assert server.repository(SHOP).git.branch("main") == before


@pytest.mark.parametrize(
    ("pattern", "held"),
    [
        ("~ALL", {"main", "work", "healer/x/1"}),
        ("*", {"main", "work"}),
        ("healer/**/*", {"healer/x/1"}),
        ("healer/*", set()),
        ("wor?", {"work"}),
    ],
)
def test_a_rule_for_many_branches(
    server: ForgeServer, clone: Callable[..., Clone], pattern: str, held: set[str]
) -> None:
    server.protect(SHOP, pattern, reviews=1)
    git = clone(server.token("pat", SHOP, "robin"))
    git.commit("b.txt")
    branches = ("main", "work", "healer/x/1")
    told = git.push(*(f"HEAD:refs/heads/{name}" for name in branches), "HEAD:refs/healer/x", fails=bool(held))
    assert {name for name in branches if f"-> {name} (push declined" in told} == held
    assert server.repository(SHOP).git.ref("refs/healer/x") is not None


def test_a_private_repository_does_not_exist_for_strangers(server: ForgeServer, tmp_path: Path) -> None:
    hidden = server.create_repository("octo/hidden", private=True)
    me = Clone(tmp_path, hidden.clone_url)
    assert "could not read Username" in me.git("ls-remote", me.url, fails=True)
    for token in ("nothing", server.token("pat", SHOP, "robin")):
        told = me.git("ls-remote", me.url.replace("://", f"://x:{token}@"), fails=True)
        assert "Authentication failed" in told or "not found" in told
    me.git("ls-remote", me.url.replace("://", f"://x-access-token:{server.token('actions', 'octo/hidden')}@"))


def test_a_refusal_in_a_side_band_keeps_its_frame() -> None:
    report = (
        packet(b"unpack ok\n") + packet(b"ng refs/heads/a hook declined\n") + packet(b"ok refs/heads/b\n") + b"0000"
    )
    body = packet(b"\x02error: because\n") + packet(b"\x01" + report) + b"0000"
    told = with_reasons(body, {"refs/heads/a": "not today"})
    expected = packet(b"unpack ok\n") + packet(b"ng refs/heads/a not today\n") + packet(b"ok refs/heads/b\n") + b"0000"
    assert told == packet(b"\x02error: because\n") + packet(b"\x01" + expected) + b"0000"


def test_a_push_moves_pulls_and_is_told(server: ForgeServer, clone: Callable[..., Clone]) -> None:
    shop, robin = server.repository(SHOP), server.person("robin", SHOP)
    robin.push("work", {"b.txt": "1\n"})
    robin.push("merged-by-hand", {"c.txt": "1\n"})
    pull, other = robin.open_pull("work", "main", "One"), robin.open_pull("merged-by-hand", "main", "Two")
    git = clone(server.token("pat", SHOP, "robin"))
    server.take_events()

    git.git("switch", "--quiet", "work")
    git.git("commit", "--quiet", "--amend", "--message", "Other words [skip ci]")
    git.push("+work")
    assert pull.head == git.git("rev-parse", "HEAD") == shop.git.ref(f"refs/pull/{pull.number}/head")
    assert [line.name for line in shop.issues[pull.number].events] == ["head_ref_force_pushed"]
    push, synchronize = server.take_events()
    assert (push.name, push.payload["forced"], push.payload["pusher"]["name"]) == ("push", True, "robin")  # type: ignore[index]
    assert (synchronize.name, synchronize.action) == ("pull_request", "synchronize")
    assert not push.starts_workflows and not synchronize.starts_workflows

    git.git("switch", "--quiet", "main")
    git.git("merge", "--quiet", "--no-ff", "origin/merged-by-hand", "--message", "By hand")
    git.push("main")
    assert other.merged is not None and other.merged_by == "robin" and other.merge_commit == shop.git.branch("main")

    git.push(":work")
    closed = shop.issues[pull.number]
    assert (closed.state, closed.closed_by, pull.merged) == ("closed", "robin", None)
    kinds = [(line.ref.removeprefix("refs/heads/"), line.kind) for line in shop.activities]
    assert kinds[-3:] == [("work", "force_push"), ("main", "push"), ("work", "branch_deletion")]
