"""Every command in every situation, through the real path: real git, ledger, forge, sandbox and test run.

A comment is written on the pull request of a proposed upgrade, or where nothing is proposed yet, and the healer is
woken. What is checked is what maintainers see: the reply, the ledger, the branches.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from gitops_healer.adapters.clock import TurnedClock
from gitops_healer.core.finding import Finding
from gitops_healer.core.forge import Comment, Permission
from gitops_healer.core.history import replay
from gitops_healer.core.plan import Investigation
from gitops_healer.core.summary import Reply
from gitops_healer.core.upgrade import Commanded, Event, HealthChecked, Intended, Upgrade
from gitops_healer.cycle import run_orders
from gitops_healer.registry import Command, Scene, discover
from gitops_healer.world import World
from tests.conftest import GitRepo
from tests.cycle.stage import FILES, PROGRAM, Stage, asks, heals_mean

OLD = PROGRAM.replace("value + value", "value * 2")
HOSTILE = "@everyone <b>x</b> <!-- y --> [l](javascript:x) $(id) '; rm -rf / ` \u202e \x07 " + "z" * 3000
COMMANDS = {known.name: known for known in discover("gitops_healer.commands", Command)}
UNKNOWN = "up-ffffffffff"


def asks_with_plan(scene: Scene, finding: Finding) -> Investigation:
    """Two options, of which the first is taken."""
    found = asks(scene, finding)
    return replace(found, question="")


GROUNDS: dict[str, dict[str, Any]] = {
    "proposed": {"fixer": heals_mean},
    "asked": {"fixer": asks},
    "planned": {"fixer": asks_with_plan, "options": {"risk.plan_without_approval": []}},
}


@dataclass(frozen=True)
class Way:
    """How a command succeeds. ground: what there is; before: what is ordered first; words: behind the command; facts:
    what it alone leaves in the ledger."""

    words: str = ""
    facts: tuple[str, ...] = ()
    ground: str = "proposed"
    before: tuple[str, ...] = ()


WAYS: dict[str, Way] = {
    "answer": Way("program.py", ("Ordered",), before=("/self_upgrade make it nicer",)),
    "approve": Way(facts=("ApprovalGiven",)),
    "approve_plan": Way("ID", ("PlanApproved",), "planned"),
    "choose": Way("ID none", ("Chosen",), "asked"),
    "explain": Way(),
    "freeze": Way("release", ("Paused",)),
    "healer_help": Way(),
    "hold": Way("wait", ("Held",)),
    "ignore": Way("on purpose", ("Ignored", "Dropped")),
    "permit": Way("robin write"),
    "plan": Way("ID", ground="planned"),
    "rebuild": Way(facts=("Outdated",)),
    "reland": Way("ID", ("Queued",), before=("/approve", "/rollback_upgrade")),
    "restore": Way("program:double 1", ("Queued",)),
    "resume": Way(facts=("Resumed",), before=("/hold",)),
    "retry": Way(facts=("Heeded", "Queued"), before=("/ignore",)),
    "revise_plan": Way("ID use none", ("Revised",), "planned"),
    "rollback_upgrade": Way("ID", ("Regressed",), before=("/approve",)),
    "self_upgrade": Way("program.py", ("Ordered",)),
    "show_upgrade_diff": Way(),
    "tool_history": Way("program:double"),
    "unfreeze": Way(facts=("Unpaused",), before=("/freeze",)),
    "unignore": Way(facts=("Heeded",), before=("/ignore",)),
    "upgrade_ledger": Way(),
    "upgrade_status": Way(),
}


@dataclass
class Ground:
    """A copy of a prepared repository. outside: through which people write, and which sees what there is."""

    stage: Stage
    up: Upgrade
    pull: int
    outside: World

    def line(self, command: str) -> str:
        way = WAYS[command]
        return f"/{command} {way.words}".replace("ID", self.up.id).strip()

    def write(self, body: str, actor: str = "Maintainer") -> Comment:
        return self.outside.forge.add_comment(self.pull, actor, body)

    def wake(self) -> tuple[Reply, ...]:
        return tuple(run_orders(self.stage.world()).replies)

    def say(self, body: str, actor: str = "Maintainer") -> Reply:
        self.write(body, actor)
        [reply] = self.wake()
        return reply

    def events(self) -> tuple[Event, ...]:
        return self.outside.ledger.load()

    def replies(self) -> list[str]:
        """What the forge shows as answers to commands."""
        return [known.body for known in self.outside.forge.comments() if "<!-- healer:reply " in known.body]

    def main(self) -> str:
        return self.stage.repo.git("rev-parse", "main")

    def branch(self) -> str:
        assert self.up.proposed is not None
        return self.stage.repo.git("rev-parse", self.up.proposed.branch)


@pytest.fixture(scope="module")
def prepared() -> dict[str, Stage]:
    return {}


@pytest.fixture
def make_ground(
    prepared: dict[str, Stage], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Ground]:
    """make_ground(name): each is prepared once and copied."""

    def make(name: str) -> Ground:
        if name not in prepared:
            prepared[name] = _prepare(tmp_path_factory.mktemp(name) / "repo", GROUNDS[name])
        known = prepared[name]
        path = tmp_path / f"ground-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(known.repo.path, path, symlinks=True)
        stage = replace(known, repo=GitRepo(path), clock=TurnedClock(known.clock.now()))
        world = stage.world()
        [up] = replay(world.ledger.load()).upgrades.values()
        return Ground(stage, up, up.proposed.pull if up.proposed else 0, world)

    return make


def _prepare(path: Path, options: dict[str, Any]) -> Stage:
    path.mkdir()
    repo = GitRepo(path)
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.git("config", "user.name", "Maintainer")
    repo.git("config", "user.email", "maintainer@example.org")
    repo.commit(FILES | {"program.py": OLD}, "first")
    repo.commit({"program.py": PROGRAM}, "Double by adding")
    stage = Stage(repo, **options)
    stage.heal()
    return stage


def lasting(events: Sequence[Event]) -> list[str]:
    """Names of facts without those that say what is about to be done or was measured."""
    return [event.name for event in events if not isinstance(event.fact, Intended | HealthChecked)]


def harmless(markdown: str) -> None:
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        assert token.type not in ("html_block", "heading_open"), markdown
        for child in token.children or []:
            assert child.type not in ("html_inline", "link_open", "image"), markdown
            assert child.type != "text" or "@" not in child.content, markdown


def test_every_command_has_its_way() -> None:
    assert set(WAYS) == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_it_is_obeyed_once_however_often_it_is_delivered(command: str, make_ground: Callable[..., Ground]) -> None:
    ground = make_ground(WAYS[command].ground)
    for line in WAYS[command].before:
        assert ground.say(line).text
    before = len(ground.events())
    reply = ground.say(ground.line(command))
    assert reply.allowed, reply.text
    facts = lasting(ground.events()[before:])
    own = WAYS[command].facts
    assert facts[: len(own) + 1] == [*own, "Commanded"]
    harmless(reply.text)
    events, replies = ground.events(), ground.replies()
    assert ground.wake() == ()
    assert ground.events() == events
    assert ground.replies() == replies


# What is nobody's order


def as_quote(line: str) -> str:
    return f"> {line}\n\nI would not."


def as_code(line: str) -> str:
    return f"Write this:\n\n```\n{line}\n```\n\nor `{line}`, or\n\n    {line}\n"


def as_list(line: str) -> str:
    return f"- {line}\n- x\n\n| a |\n|---|\n| {line} |\n"


def hidden(line: str) -> str:
    return f"<!-- {line} -->\n\u200b{line}\n\n<details>\n\n{line}\n\n</details>"


def in_a_sentence(line: str) -> str:
    return f"Perhaps {line} would help, or @robin {line}"


@pytest.mark.parametrize("wrap", [as_quote, as_code, as_list, hidden, in_a_sentence])
def test_what_is_only_mentioned_is_not_even_answered(
    wrap: Callable[[str], str], make_ground: Callable[..., Ground]
) -> None:
    ground = make_ground("proposed")
    for command in COMMANDS:
        ground.write(wrap(ground.line(command)))
    before = ground.events()
    assert ground.wake() == ()
    assert ground.events() == before


@dataclass(frozen=True)
class Edited:
    """The forge, as it shows comments that were edited before anybody looked."""

    forge: Any

    def comments(self, *arguments: Any, **more: Any) -> tuple[Comment, ...]:
        found = self.forge.comments(*arguments, **more)
        return tuple(replace(one, edited=not one.bot) for one in found)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.forge, name)


def edited(ground: Ground) -> World:
    world = ground.stage.world()
    return replace(world, forge=Edited(world.forge))


def test_an_edited_comment_is_not_obeyed_and_is_told_so_once(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    for command in COMMANDS:
        ground.write(f"{ground.line(command)}\n/hold")
    before = len(ground.events())
    replies = run_orders(edited(ground)).replies
    assert len(replies) == len(COMMANDS)
    assert all(not reply.allowed and "new comment" in reply.text for reply in replies)
    assert {event.name for event in ground.events()[before:]} == {"Commanded"}
    events = ground.events()
    assert not run_orders(edited(ground)).replies
    assert ground.events() == events


def test_what_was_obeyed_before_it_was_edited_is_not_answered_again(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    assert ground.say("/hold").allowed
    events = ground.events()
    assert not run_orders(edited(ground)).replies
    assert ground.events() == events


# Who it is


def test_a_stranger_gets_a_polite_no_and_nothing_happens(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    for command in COMMANDS:
        ground.write(ground.line(command), "passer-by")
    before, main = len(ground.events()), ground.main()
    replies = ground.wake()
    assert [reply.command for reply in replies] == list(COMMANDS)
    for reply in replies:
        assert not reply.allowed
        assert "prescribed by people with" in reply.text
        assert len(reply.text) < 500
        assert ground.up.id not in reply.text
        harmless(reply.text)
    assert {event.name for event in ground.events()[before:]} == {"Commanded"}
    assert ground.main() == main


def test_a_reader_may_ask_and_change_nothing(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    ground.outside.forge.set_permission("reader", Permission.READ)
    for command in COMMANDS:
        ground.write(ground.line(command), "reader")
    before = len(ground.events())
    for reply in ground.wake():
        assert reply.allowed is (COMMANDS[reply.command].needs is Permission.READ), reply
    assert {event.name for event in ground.events()[before:]} == {"Commanded"}


# What it is about


def test_an_unknown_id_is_told_and_nothing_happens(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    wrong = {
        "answer": "zzyzx", "freeze": None, "unfreeze": None, "healer_help": UNKNOWN, "permit": UNKNOWN,
        "restore": f"{UNKNOWN} 1", "self_upgrade": "src/zzyzx.py", "tool_history": UNKNOWN,
    }  # fmt: skip
    named = {command: wrong.get(command, UNKNOWN) for command in COMMANDS}
    for command, word in named.items():
        if word is not None:
            ground.write(f"/{command} {word}")
    before = len(ground.events())
    for reply in ground.wake():
        assert not reply.allowed or reply.command == "self_upgrade", reply
        if COMMANDS[reply.command].target:
            assert UNKNOWN in reply.text
            assert "/upgrade_status" in reply.text
    assert {event.name for event in ground.events()[before:]} == {"Commanded", "Ordered"}
    [asked] = replay(ground.events()).work.values()
    assert "src/zzyzx.py" in asked.question


def test_hostile_words_do_no_harm(make_ground: Callable[..., Ground]) -> None:
    ground = make_ground("proposed")
    for command in COMMANDS:
        ground.write(f"/{command} {HOSTILE}")
    main = ground.main()
    replies = ground.wake()
    assert [reply.command for reply in replies] == list(COMMANDS)
    for reply in replies:
        harmless(reply.text)
        assert len(reply.text) < 10_000
    assert ground.main() == main
    done = [event.fact for event in ground.events() if isinstance(event.fact, Commanded)]
    assert len(done) == len(COMMANDS)
    assert not ground.wake()


# What happened meanwhile


@pytest.fixture
def moved(make_ground: Callable[..., Ground]) -> Iterator[Callable[[str], tuple[Ground, Reply, str]]]:
    """moved(command): the comment is written, then somebody else commits to the branch, then the healer wakes."""

    def make(command: str) -> tuple[Ground, Reply, str]:
        ground = make_ground("proposed")
        ground.write(ground.line(command))
        assert ground.up.proposed is not None
        git = ground.stage.repo.git
        tree = git("rev-parse", f"{ground.up.proposed.branch}^{{tree}}")
        theirs = git("commit-tree", tree, "-p", ground.branch(), "-m", "Mine now")
        git("update-ref", f"refs/heads/{ground.up.proposed.branch}", theirs)
        [reply] = ground.wake()
        return ground, reply, theirs

    yield make


ON_PULL = sorted(command for command in COMMANDS if WAYS[command].ground == "proposed" and not WAYS[command].before)


@pytest.mark.parametrize("command", ON_PULL)
def test_when_the_head_moved_nothing_is_merged_and_nothing_of_theirs_is_lost(
    command: str, moved: Callable[[str], tuple[Ground, Reply, str]]
) -> None:
    ground, reply, theirs = moved(command)
    assert ground.up.proposed is not None
    assert ground.branch() == theirs
    assert ground.stage.repo.git("log", "--format=%s", "-1", "main") == "Double by adding"
    if command == "approve":
        assert not reply.allowed
        assert theirs[:10] in reply.text
        assert ground.up.proposed.head[:10] in reply.text
    if command == "rebuild":
        assert not reply.allowed
        assert "`Mine now`" in reply.text


def test_commits_of_others_are_replaced_when_somebody_who_saw_them_says_so(
    moved: Callable[[str], tuple[Ground, Reply, str]],
) -> None:
    ground, _, theirs = moved("explain")
    ground.stage.heal()
    assert ground.branch() == theirs
    held = replay(ground.events()).upgrades[ground.up.id]
    assert held.held is not None
    assert held.held.hands_off
    refused = ground.say("/rebuild")
    assert not refused.allowed
    assert "`Mine now`" in refused.text
    assert ground.say("/rebuild discard").allowed
    ground.stage.heal()
    up = replay(ground.events()).upgrades[ground.up.id]
    assert up.stage.value in ("proposed", "validated")
    assert up.proposed is not None
    assert ground.branch() == up.proposed.head != theirs
    assert theirs not in ground.stage.repo.git("rev-list", up.proposed.branch)


@pytest.mark.parametrize("command", ON_PULL)
def test_when_the_pull_request_is_closed_it_is_answered_and_nothing_is_merged(
    command: str, make_ground: Callable[..., Ground]
) -> None:
    ground = make_ground("proposed")
    ground.write(ground.line(command))
    ground.outside.forge.close_pull(ground.pull, "Maintainer")
    [reply] = ground.wake()
    assert reply.text
    harmless(reply.text)
    assert ground.stage.repo.git("log", "--format=%s", "-1", "main") == "Double by adding"
    ground.stage.heal()
    assert ground.stage.repo.git("log", "--format=%s", "-1", "main") == "Double by adding"
