"""Obey the maintainers: comments in, facts and replies out. Each command once, whatever happens in between."""

import traceback
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from gitops_healer.core.authority import may_command, refusal_values
from gitops_healer.core.codec import dump, load
from gitops_healer.core.comments import Misunderstood, Order, aim, parse_commands
from gitops_healer.core.forge import Comment, PullState, Source
from gitops_healer.core.history import History
from gitops_healer.core.summary import Reply
from gitops_healer.core.texts import LOST_REPLY, broken, not_done
from gitops_healer.core.upgrade import Commanded
from gitops_healer.errors import ForgeError, HealerError, IllegalEventError, LostRaceError
from gitops_healer.registry import Answer, Command, Request
from gitops_healer.world import Journal, World

OVERLAP = timedelta(hours=1)
"""How far before the last comment that was heard is looked again: clocks differ, and forges show comments late."""
FIRST_LOOK = timedelta(days=1)
"""How old a comment may be that is obeyed by a healer that never heard or wrote anything."""
MOST_ORDERS = 50
"""So many commands are obeyed in one run; the others have their turn in the next."""
MOST_KEPT = 8_000
"""Characters of a reply that go into the ledger; a diff is longer, and can be asked for again."""
_LISTENED = "listened"


def obey(world: World, journal: Journal, spoken: Collection[Comment] = ()) -> list[Reply]:
    """Carry out every order that was not carried out before, then make sure that each has its reply.

    spoken: orders that stand in no comment of the forge; their replies are returned and not written there.
    """
    if world.mode == "observe":
        return []
    began = world.clock.now()
    comments = world.forge.comments(since=since(world, journal.history))
    answered = "\n".join(comment.body for comment in comments if comment.author == world.forge.login)
    said: list[Reply] = []
    for comment, key, order in _orders(world, journal.history, (*comments, *spoken)):
        done = journal.history.commands.get(key)
        if done is None and len(said) == MOST_ORDERS:
            world.progress(f"{MOST_ORDERS} commands were obeyed; the others are obeyed in the next run")
            return said
        if done is None:
            said.append(_obey_one(world, journal, comment, key, order))
        if comment in spoken or (done is not None and _marker(key) in answered):
            continue
        _say(world, comment, key, done.reply if done else said[-1].text, journal.history.commands[key].allowed)
    world.cache.put(_LISTENED, dump(began))
    return said


def since(world: World, history: History) -> datetime:
    """From when on comments have to be read again. The ledger knows what was heard last; the cache, when it is there,
    until when nothing was said that is an order."""
    heard = history.heard or history.written or world.clock.now() - FIRST_LOOK
    listened = load(world.cache.get(_LISTENED), datetime)
    return max(heard, listened or heard) - OVERLAP


def _orders(
    world: World, history: History, comments: Iterable[Comment]
) -> Iterator[tuple[Comment, str, Order | Misunderstood]]:
    """Every order with its comment and a key of its own, oldest first."""
    names, login = [command.name for command in world.commands], world.forge.login
    for comment in comments:
        if comment.author != login:
            for number, order in enumerate(parse_commands(comment, names, login)):
                if not comment.edited:
                    yield comment, f"{comment.id}/{number}", order
                elif not _obeyed(history, comment):  # an edited comment is answered once, and never obeyed
                    yield comment, f"{comment.id}/edited", order
                    break


def _obeyed(history: History, comment: Comment) -> bool:
    """Whether it was obeyed before it was edited."""
    first = history.commands.get(f"{comment.id}/0")
    return first is not None and first.allowed


def _obey_one(world: World, journal: Journal, comment: Comment, key: str, order: Order | Misunderstood) -> Reply:
    """Facts and the record of the command go into the ledger together: either both or none."""
    if comment.source is Source.COMMENT:
        world.forge.acknowledge(comment)
    if isinstance(order, Misunderstood):
        answer, name, upgrade = Answer(False, order.reason), order.text, ""
    else:
        answer, upgrade = _answer(world, journal, comment, key, order)
        name = order.name
    answer = _granted(world, answer)
    done = Commanded(key, name[:200], answer.allowed, _kept(answer.reply), comment.created)
    try:
        journal.record([*answer.facts, ("", done)], actor=comment.author)
    except IllegalEventError as error:
        answer = Answer(False, f"That cannot be done: {error}")
        done = replace(done, allowed=False, reply=answer.reply)
        journal.record([("", done)], actor=comment.author)
    return Reply(comment.id, comment.author, name, answer.allowed, answer.reply, upgrade)


def _granted(world: World, answer: Answer) -> Answer:
    """Permissions are set before they are written down; where they are not ours to set, that is the answer."""
    try:
        for login, permission in answer.grants:
            world.forge.set_permission(login, permission)
    except ForgeError as error:
        return Answer(False, str(error))
    return answer


def _answer(world: World, journal: Journal, comment: Comment, key: str, order: Order) -> tuple[Answer, str]:
    command = next(command for command in world.commands if command.name == order.name)
    permission = world.forge.permission(comment.author)
    if not may_command(comment.author, permission, command.needs).allowed:
        refusal = refusal_values(comment.author, permission, command.needs)
        return Answer(False, world.settings.messages.view().render("refusal", **refusal)), ""
    aimed = aim(order, journal.history, comment.pull) if command.target else None
    if aimed and aimed.problem:
        return Answer(False, aimed.problem), ""
    pull = world.forge.pull(comment.pull) if comment.pull else None
    request = Request(
        actor=comment.author,
        permission=permission,
        arguments=aimed.arguments if aimed else order.arguments,
        pull=comment.pull,
        head=comment.head,
        upgrade=aimed.upgrade if aimed else None,
        history=journal.history,
        scene=world.scene(world.base),
        head_now=pull.head if pull else "",
        comment=key,
        written=comment.created,
        closed=pull is not None and pull.state is PullState.CLOSED,
    )
    return _run(world, command, request), aimed.upgrade.id if aimed and aimed.upgrade else ""


def _run(world: World, command: Command, request: Request) -> Answer:
    """A command that breaks is answered; it must not keep the others from being obeyed."""
    try:
        return command(request)
    except LostRaceError:
        raise
    except HealerError as error:
        return Answer(False, not_done(command.name, str(error)))
    except Exception as error:  # a plug-in's bug must not keep others from being obeyed, nor be tried again and again
        world.progress("".join(traceback.format_exception(error)))
        return Answer(False, broken(command.name, f"{type(error).__name__}: {error}"))


def _kept(reply: str) -> str:
    """What the ledger remembers of a reply, in case that a run dies before it could say it."""
    return reply if len(reply) <= MOST_KEPT else LOST_REPLY


def _say(world: World, comment: Comment, key: str, reply: str, allowed: bool) -> None:
    """One reply a command: the marker makes it safe to repeat. A button that did what it says needs no words."""
    if comment.source is Source.COMMENT or not allowed:
        text = f"@{comment.author} {reply}\n\n{_marker(key)}"
        world.forge.set_sticky(comment.pull, _marker(key), text)


def _marker(key: str) -> str:
    return f"<!-- healer:reply {key} -->"
