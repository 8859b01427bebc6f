"""The web page: what a maintainer would see on GitHub, to look at and not to act. Everybody sees everything."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, partial
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import pygit2
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tests.forge_server import checks, pulls, views
from tests.forge_server.clock import stamp
from tests.forge_server.errors import Refusal
from tests.forge_server.graphql_checks import rollup_state
from tests.forge_server.pages_diff import rows
from tests.forge_server.pages_markdown import rendered
from tests.forge_server.pages_story import Line, story
from tests.forge_server.state import CheckRun, CommitStatus, Forge, Issue, Pull, Repository

Page = tuple[int, str, bytes]
Context = Mapping[str, Any]
SHOWN_COMMITS = 50
LARGEST_FILE = 512 * 1024
COLOURS = ("#4c6b8a", "#7a5c8e", "#5d7f63", "#8e6b4a", "#8a4c57", "#4f7f80")


@dataclass(frozen=True)
class View:
    """A template, and what it shows."""

    template: str
    values: Context
    status: int = 200


Show = Callable[..., View | None]
ROUTES: list[tuple[re.Pattern[str], Show]] = []


def at(template: str) -> Callable[[Show], Show]:
    """template: {name} is one segment of the path, {name+} the rest of it, {number#} a number."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    pattern = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", pattern)
    pattern = re.sub(r"\{(\w+)#\}", r"(?P<\1>[1-9]\\d{0,9})", pattern)

    def add(show: Show) -> Show:
        ROUTES.append((re.compile(pattern), show))
        return show

    return add


def page(forge: Forge, path: str) -> Page | None:
    """(status, content type, body) of a path, with or without a query; None for a path that is none of ours."""
    path, _, query = path.partition("?")
    if found := re.fullmatch(r"/avatars/u/(\d+)", path):
        return 200, "image/svg+xml", avatar(forge, int(found[1])).encode()
    for pattern, show in ROUTES:
        if (matched := pattern.fullmatch(path.rstrip("/") or "/")) is None:
            continue
        view = _view(
            show, forge, {name: unquote(text) if text else text for name, text in matched.groupdict().items()}, query
        )
        if view is not None:
            return view.status, "text/html; charset=utf-8", draw(forge, view).encode("utf-8", "replace")
    return None


def _view(show: Show, forge: Forge, names: dict[str, Any], query: str) -> View | None:
    """The page; of what is not there, a page that says so."""
    try:
        if "owner" in names:
            found = forge.repository(f"{names.pop('owner')}/{names.pop('name')}")
            return show(found, query=dict(parse_qsl(query)), **names)
        return show(forge, query=dict(parse_qsl(query)), **names)
    except Refusal:
        return View("missing.html", {"repository": None}, 404)


def draw(forge: Forge, view: View) -> str:
    ago = partial(_ago, forge.clock.now())
    return environment().get_template(view.template).render(forge=forge, ago=ago, **view.values)


@cache
def environment() -> Environment:
    made = Environment(
        loader=PackageLoader("tests.forge_server"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"stamp": stamp, "path": quote, "ink": ink}
    made.globals |= {
        "text": lambda repository, text: Markup(rendered(text, f"/{quote(repository.full_name)}")),
        "rows": rows,
        "person": person,
        "is_bot": lambda forge, login: _kind(forge, login) == "Bot",
        "checks_of": checks_of,
        "rollup": lambda found: rollup_state(found).lower() if found else "",
        "state_of": state_of,
        "message": views.message_of,
        "when": lambda signature: datetime.fromtimestamp(signature.time).astimezone(),
        "author": author,
        "is_verified": lambda repository, commit: views.verification(repository.forge, commit)["verified"],
    }
    return made


# What templates ask for


def ink(color: str) -> Markup:
    """The style of a label: its colour, and black or white on it, whichever can be read."""
    if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        color = "ededed"
    red, green, blue = (int(color[i : i + 2], 16) for i in (0, 2, 4))
    light = red * 299 + green * 587 + blue * 114 > 150_000
    return Markup(f"background:#{color};color:{'#1c1f24' if light else '#ffffff'}")


def person(forge: Forge, login: str) -> dict[str, Any]:
    """login, address and picture of somebody."""
    found = views.user(forge, login)
    return {"login": login or "ghost", "page": str(found["html_url"]).removeprefix(forge.url), "id": found["id"]}


def _kind(forge: Forge, login: str) -> str:
    known = forge.users.get(login.lower())
    return known.kind if known else "User"


def author(repository: Repository, commit: pygit2.Commit) -> str:
    """The login of a commit's author, or the name that the commit gives."""
    return views.account_of(repository.forge, commit.author.email) or str(views.git_person(commit.author)["name"])


def state_of(repository: Repository, issue: Issue) -> str:
    """open, draft, merged, closed, done"""
    pull = repository.pulls.get(issue.number)
    if pull is None:
        return "open" if issue.state == "open" else "skipped" if issue.state_reason == "not_planned" else "done"
    if pull.merged is not None:
        return "merged"
    return "closed" if issue.state == "closed" else "draft" if pull.draft else "open"


@dataclass(frozen=True)
class Check:
    """One line of the list of checks. state: success, failure, pending, skipped."""

    name: str
    state: str
    text: str
    link: str
    required: bool


def checks_of(repository: Repository, sha: str, base: str = "") -> list[Check]:
    """The latest checks and statuses of a commit, and those that a rule of `base` waits for."""
    rule = repository.protections.get(base)
    required = rule.checks if rule else ()
    found = [_run(repository, run, required) for run in checks.latest_runs(repository, sha)]
    found += [_status(status, required) for status in checks.latest_statuses(repository, sha)]
    names = {check.name for check in found}
    waited = [Check(n, "pending", "Expected — waiting to be reported", "", True) for n in required if n not in names]
    return sorted(found + waited, key=lambda check: (check.state == "success", check.name))


def _run(repository: Repository, run: CheckRun, required: tuple[str, ...]) -> Check:
    link = run.details_url or f"/{repository.full_name}/runs/{run.id}"
    states = {"success": "success", "neutral": "skipped", "skipped": "skipped"}
    state = states.get(run.conclusion or "", "failure") if run.status == "completed" else "pending"
    words = run.title or (run.conclusion or run.status).replace("_", " ")
    return Check(run.name, state, words, link, run.name in required)


def _status(status: CommitStatus, required: tuple[str, ...]) -> Check:
    state = {"error": "failure"}.get(status.state, status.state)
    name, words = status.context, status.description or status.state
    return Check(name, state, words, status.target_url or "", name in required)


def _ago(now: datetime, moment: datetime | None) -> str:
    if moment is None:
        return ""
    seconds = max(0, int((now - moment).total_seconds()))
    for size, word in ((86400 * 30, "month"), (86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now" if seconds < 10 else f"{seconds} seconds ago"


def avatar(forge: Forge, number: int) -> str:
    """A coloured tile with the first letter of the login."""
    login = next((user.login for user in forge.users.values() if user.id == number), "?")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" rx="20" fill="{COLOURS[number % len(COLOURS)]}"/>'
        '<text x="20" y="27" font-family="sans-serif" font-size="19" fill="#fff" text-anchor="middle">'
        f"{escape(login[0].upper())}</text></svg>"
    )


# Pages


@at("/")
def home(forge: Forge, query: Context) -> View:
    return View("home.html", {"repositories": list(forge.repositories.values()), "repository": None})


@at("/{owner}/{name}")
def overview(repository: Repository, query: Context) -> View | None:
    return tree(repository, query, repository.options.default_branch)


@at("/{owner}/{name}/(?P<kind>issues|pulls)(?:/(?P<state>closed))?")
def listing(repository: Repository, query: Context, kind: str, state: str | None) -> View:
    wanted = state or query.get("state", "open")
    found = [issue for issue in repository.issues.values() if (issue.number in repository.pulls) == (kind == "pulls")]
    counts = {state: sum(issue.state == state for issue in found) for state in ("open", "closed")}
    shown = sorted((issue for issue in found if issue.state == wanted), key=lambda issue: -issue.number)
    values = {"repository": repository, "kind": kind, "issues": shown, "counts": counts, "wanted": wanted}
    return View("listing.html", values)


@at("/{owner}/{name}/(?P<kind>issues|pull)/{number#}")
def conversation(repository: Repository, query: Context, kind: str, number: str) -> View:
    issue = repository.issue(int(number))
    pull = repository.pulls.get(issue.number)
    lines: list[Line] = story(repository, issue)
    values = {**_conversation(repository, issue, pull), "lines": lines, "tab": "conversation"}
    return View("conversation.html", values)


@at("/{owner}/{name}/pull/{number#}/(?P<tab>commits|checks|files)")
def pull_tab(repository: Repository, query: Context, number: str, tab: str) -> View:
    pull = repository.pull(int(number))
    issue = repository.issue(pull.number)
    return View("pull_tab.html", {**_conversation(repository, issue, pull), "tab": tab})


def _conversation(repository: Repository, issue: Issue, pull: Pull | None) -> Context:
    values: dict[str, Any] = {"repository": repository, "issue": issue, "pull": pull}
    if pull is None:
        return values
    shas = [str(shown["sha"]) for shown in pulls.commits(repository, pull)]
    return values | {
        "commits": [repository.git.objects[sha] for sha in shas],
        "files": pulls.changed_files(repository, pull),
        "checks": checks_of(repository, pull.head, pull.base_branch if issue.state == "open" else ""),
        "mergeable": pulls.mergeable_state(repository, _tried(repository, pull)),
        "missing": pulls.missing(repository, pull),
        "opinions": pulls.opinions(repository, pull),
    }


def _tried(repository: Repository, pull: Pull) -> Pull:
    """The pull with whether it can be merged. It is not written down: who looks at the page changes nothing."""
    base = repository.git.branch(pull.base_branch)
    if pull.mergeable is not None or pull.merged or base is None:
        return pull
    return replace(pull, mergeable=repository.git.merge(base, pull.head) is not None)


@at("/{owner}/{name}/branches")
def branches(repository: Repository, query: Context) -> View:
    git, default = repository.git, repository.options.default_branch
    ground = git.branch(default)
    found = []
    for name, sha in git.branches().items():
        ahead, behind = git.ahead_behind(sha, ground) if ground else (0, 0)
        number = next((p.number for p in pulls.open_pulls(repository) if p.head_branch == name), 0)
        found.append({"name": name, "commit": git.objects[sha], "ahead": ahead, "behind": behind, "pull": number})
    found.sort(key=lambda branch: (branch["name"] != default, branch["name"]))
    return View("branches.html", {"repository": repository, "branches": found})


@at("/{owner}/{name}/commits(?:/{ref+})?")
def commits(repository: Repository, query: Context, ref: str | None) -> View:
    ref = ref or repository.options.default_branch
    sha = _resolve(repository, ref)
    found = [commit for commit, _ in zip(repository.git.log(sha), range(SHOWN_COMMITS), strict=False)]
    return View("commits.html", {"repository": repository, "ref": ref, "commits": found})


@at("/{owner}/{name}/(?:pull/[0-9]+/commits|commit)/{sha}")
def commit(repository: Repository, query: Context, sha: str) -> View:
    found = repository.git.commit(_resolve(repository, sha))
    assert found is not None
    before = str(found.parent_ids[0]) if found.parent_ids else None
    values = {"repository": repository, "commit": found, "files": repository.git.diff(before, str(found.id))}
    return View("commit.html", {**values, "checks": checks_of(repository, str(found.id))})


@at("/{owner}/{name}/compare/{basehead+}")
def compare(repository: Repository, query: Context, basehead: str) -> View:
    """Two branches side by side; a link may bring the title and the body of a pull request that is to be opened."""
    base, _, head = basehead.rpartition("...")
    base = base or repository.options.default_branch
    ours, theirs = _resolve(repository, base), _resolve(repository, head.rpartition(":")[2])
    start = repository.git.merge_base(ours, theirs) or ours
    found = list(repository.git.log(theirs, hide=[ours]))[::-1]
    values = {"repository": repository, "base": base, "head": head, "commits": found, "query": query}
    return View("compare.html", {**values, "files": repository.git.diff(start, theirs)})


@at("/{owner}/{name}/tree/{rest+}")
def tree(repository: Repository, query: Context, rest: str) -> View:
    """A folder at a branch or a commit. `rest` is the name of the branch, which may have slashes, and the path."""
    sha = repository.git.resolve(rest)
    ref, path = (rest, "") if sha else _split(repository, rest)
    sha = sha or repository.git.resolve(ref)
    if sha is None:
        return View("empty.html", {"repository": repository})
    folder = repository.git.entry(sha, path)
    if not isinstance(folder, pygit2.Tree):
        return View("missing.html", {"repository": repository}, 404)
    entries = sorted(folder, key=lambda entry: (entry.type_str != "tree", entry.name))
    readme = next((e for e in folder if (e.name or "").lower() == "readme.md" and isinstance(e, pygit2.Blob)), None)
    values = {"ref": ref, "path": path, "entries": entries, "commit": repository.git.commit(sha)}
    words = readme.data.decode("utf-8", "replace") if readme else ""
    recent = [commit for commit, _ in zip(repository.git.log(sha), range(8), strict=False)] if not path else []
    return View("tree.html", {"repository": repository, **values, "readme": words, "recent": recent})


@at("/{owner}/{name}/blob/{rest+}")
def blob(repository: Repository, query: Context, rest: str) -> View:
    ref, path = _split(repository, rest)
    found = repository.git.entry(_resolve(repository, ref), path)
    if not isinstance(found, pygit2.Blob):
        return View("missing.html", {"repository": repository}, 404)
    readable = not found.is_binary and found.size <= LARGEST_FILE
    content = found.data.decode("utf-8", "replace") if readable else None
    values = {"ref": ref, "path": path, "size": found.size, "content": content}
    return View("blob.html", {"repository": repository, **values})


@at("/{owner}/{name}/runs/{number#}")
def run(repository: Repository, query: Context, number: str) -> View:
    return View("run.html", {"repository": repository, "run": checks.check_run(repository, int(number))})


@at("/{owner}/{name}/actions(?:/runs/{number#})?")
def actions(repository: Repository, query: Context, number: str | None) -> View:
    """All runs of workflows, or one."""
    runs = sorted(repository.workflow_runs.values(), key=lambda run: -run.id)
    if number is not None:
        runs = [run for run in runs if run.id == int(number)]
        if not runs:
            return View("missing.html", {"repository": repository}, 404)
    return View("actions.html", {"repository": repository, "runs": runs, "workflows": repository.workflows})


@at("/(?:apps/)?{login}")
def profile(forge: Forge, query: Context, login: str) -> View | None:
    """Somebody, or somebody's repositories."""
    known = forge.users.get(login.lower()) or forge.users.get(f"{login.lower()}[bot]")
    if known is None:
        return None
    found = [repository for repository in forge.repositories.values() if repository.owner == known.login]
    return View("home.html", {"repositories": found, "repository": None})


def _split(repository: Repository, rest: str) -> tuple[str, str]:
    """(ref, path): the longest beginning that is a branch, a tag or a commit."""
    parts = rest.split("/")
    for count in range(len(parts), 0, -1):
        if repository.git.resolve("/".join(parts[:count])) is not None:
            return "/".join(parts[:count]), "/".join(parts[count:])
    return parts[0], "/".join(parts[1:])


def _resolve(repository: Repository, revision: str) -> str:
    """Raises 404."""
    if (sha := repository.git.resolve(revision)) is None:
        raise Refusal(404, "Not Found")
    return sha
