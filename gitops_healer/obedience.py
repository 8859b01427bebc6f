"""Obey the maintainers: comments in, facts and replies out. Each command once, whatever happens in between."""

from dataclasses import replace

from gitops_healer.core.authority import may_command
from gitops_healer.core.comments import Misunderstood, Order, aim, parse_commands
from gitops_healer.core.forge import Comment
from gitops_healer.core.summary import Reply
from gitops_healer.core.texts import fenced
from gitops_healer.core.upgrade import Commanded
from gitops_healer.errors import HealerError, IllegalEventError, LostRaceError
from gitops_healer.registry import Answer, Command, Request
from gitops_healer.world import Journal, World


def obey(world: World, journal: Journal) -> list[Reply]:
    """Carry out every order in comments that was not carried out before; then make sure that each has its reply."""
    if world.mode == "observe":
        return []
    comments = world.forge.comments()
    answered = "\n".join(comment.body for comment in comments if comment.author == world.forge.login)
    names = [command.name for command in world.commands]
    said: list[Reply] = []
    for comment in comments:
        if comment.author == world.forge.login:
            continue
        for number, order in enumerate(parse_commands(comment, names)):
            key = f"{comment.id}/{number}"
            done = journal.history.commands.get(key)
            if done is None:
                said.append(_obey_one(world, journal, comment, key, order))
                _say(world, comment, key, said[-1].text)
            elif _marker(key) not in answered:  # a run died between the deed and the reply
                _say(world, comment, key, done.reply)
    return said


def _obey_one(world: World, journal: Journal, comment: Comment, key: str, order: Order | Misunderstood) -> Reply:
    """Facts and the record of the command go into the ledger together: either both or none."""
    if isinstance(order, Misunderstood):
        answer, name, upgrade = Answer(False, order.reason), order.text, ""
    else:
        answer, upgrade = _answer(world, journal, comment, order)
        name = order.name
    for login, permission in answer.grants:
        world.forge.set_permission(login, permission)
    done = Commanded(key, name[:200], answer.allowed, answer.reply)
    try:
        journal.record([*answer.facts, ("", done)], actor=comment.author)
    except IllegalEventError as error:
        answer = Answer(False, f"That cannot be done: {error}")
        done = replace(done, allowed=False, reply=answer.reply)
        journal.record([("", done)], actor=comment.author)
    return Reply(comment.id, comment.author, name, answer.allowed, answer.reply, upgrade)


def _answer(world: World, journal: Journal, comment: Comment, order: Order) -> tuple[Answer, str]:
    command = next(command for command in world.commands if command.name == order.name)
    permission = world.forge.permission(comment.author)
    decision = may_command(comment.author, permission, command.needs)
    if not decision.allowed:
        return Answer(False, f"{decision.reason} {decision.next_action}".strip()), ""
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
    )
    return _run(world, command, request), aimed.upgrade.id if aimed and aimed.upgrade else ""


def _run(world: World, command: Command, request: Request) -> Answer:
    """A command that breaks is answered; it must not keep the others from being obeyed."""
    try:
        return command(request)
    except LostRaceError:
        raise
    except HealerError as error:
        return Answer(False, f"`/{command.name}` could not be done:\n\n{fenced(str(error))}")


def _say(world: World, comment: Comment, key: str, text: str) -> None:
    """One reply a command: the marker makes it safe to repeat."""
    world.forge.set_sticky(comment.pull, _marker(key), f"@{comment.author} {text}\n\n{_marker(key)}")


def _marker(key: str) -> str:
    return f"<!-- healer:reply {key} -->"
