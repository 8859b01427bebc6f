"""Git's own objects: refs, commits, trees, blobs."""

import base64
import binascii
from datetime import UTC

import pygit2

from tests.forge_server import views
from tests.forge_server.clock import parse_stamp
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.git_store import ZERO, Identity
from tests.forge_server.refs import check_direct_push, identity, make_commit, move, web_flow
from tests.forge_server.rest import REPO, Reply, Request, paged, route
from tests.forge_server.state import Repository
from tests.forge_server.views import Json

MODES = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}


# Refs


@route("GET", f"{REPO}/git/ref/{{ref+}}", "contents:read")
def get_ref(request: Request) -> Reply:
    name = f"refs/{request.names['ref']}"
    return Reply(200, _shown(request.repository, name))


def _shown(repository: Repository, name: str) -> Json:
    sha = repository.git.ref(name)
    if sha is None:
        raise not_found()
    return views.git_ref(repository, name, sha)


@route("GET", f"{REPO}/git/matching-refs/{{ref+}}", "contents:read")
def matching_refs(request: Request) -> Reply:
    repository, prefix = request.repository, f"refs/{request.names['ref']}"
    found = [item for item in sorted(repository.git.refs().items()) if item[0].startswith(prefix)]
    return paged(request, found, lambda item: views.git_ref(repository, *item))


@route("POST", f"{REPO}/git/refs", "contents:write")
def create_ref(request: Request) -> Reply:
    repository, name, sha = request.repository, request.needed("ref"), request.needed("sha")
    if not name.startswith("refs/") or name.count("/") < 2 or not repository.git.is_ref_name(name):
        raise Refusal(422, "Reference name must start with 'refs/' and have at least two slashes"
                      if not name.startswith("refs/") else f"{name} is not a valid ref name.")  # fmt: skip
    if repository.git.commit(sha) is None and not _is_tag(repository, name, sha):
        raise Refusal(422, "Object does not exist")
    if repository.git.ref(name) is not None:
        raise Refusal(422, "Reference already exists")
    check_direct_push(repository, request.caller, name, sha)
    move(repository, request.caller, name, sha, ZERO)
    return Reply(201, _shown(repository, name), {"Location": f"{repository.api_url}/git/{name}"})


def _is_tag(repository: Repository, name: str, sha: str) -> bool:
    known = len(sha) == 40 and sha in repository.git.objects
    return known and not name.startswith("refs/heads/")


@route("PATCH", f"{REPO}/git/refs/{{ref+}}", "contents:write")
def update_ref(request: Request) -> Reply:
    repository, name = request.repository, f"refs/{request.names['ref']}"
    sha, force = request.needed("sha"), request.flag("force")
    before = repository.git.ref(name)
    if before is None:
        raise Refusal(422, "Reference does not exist")
    if repository.git.commit(sha) is None:
        raise Refusal(422, "Object does not exist")
    if not force and not repository.git.is_ancestor(before, sha):
        raise Refusal(422, "Update is not a fast forward")
    check_direct_push(repository, request.caller, name, sha)
    if force and name.removeprefix("refs/heads/") in repository.protections and before != sha:
        raise Refusal(422, "Cannot force-push to a protected branch")
    move(repository, request.caller, name, sha, before)
    return Reply(200, _shown(repository, name))


@route("DELETE", f"{REPO}/git/refs/{{ref+}}", "contents:write")
def delete_ref(request: Request) -> Reply:
    repository, name = request.repository, f"refs/{request.names['ref']}"
    if repository.git.ref(name) is None:
        raise Refusal(422, "Reference does not exist")
    if name == f"refs/heads/{repository.options.default_branch}":
        raise Refusal(422, "Cannot delete the default branch")
    check_direct_push(repository, request.caller, name, ZERO)
    move(repository, request.caller, name, ZERO)
    return Reply(204)


# Commits


@route("GET", f"{REPO}/git/commits/{{sha}}", "contents:read")
def get_commit(request: Request) -> Reply:
    commit = request.repository.git.commit(request.names["sha"])
    if commit is None:
        raise not_found()
    return Reply(200, views.git_commit(request.repository, commit))


@route("POST", f"{REPO}/git/commits", "contents:write")
def create_commit(request: Request) -> Reply:
    """A bot's commit without author and committer is signed by the forge."""
    repository, tree = request.repository, request.needed("tree")
    parents = request.texts("parents") or []
    if repository.git.tree(tree) is None or repository.git.commit(tree) is not None:
        raise Refusal(422, "Tree SHA does not exist")
    if any(repository.git.commit(parent) is None for parent in parents):
        raise Refusal(422, "Parent SHA does not exist or is not a commit object")
    made = commit_as_asked(request, tree, parents, request.needed("message"))
    shown = repository.git.commit(made)
    assert shown is not None
    return Reply(201, views.git_commit(repository, shown), {"Location": f"{repository.api_url}/git/commits/{made}"})


def commit_as_asked(request: Request, tree: str, parents: list[str], message: str) -> str:
    """Make a commit with the author and committer of the body, or in their absence the caller's."""
    repository, given = request.repository, request.fields()
    request.forge.clock.tick()
    plain = given.get("author") is None and given.get("committer") is None
    signed = plain and request.caller.is_bot
    author = person(request, "author") or identity(repository, request.caller)
    committer = person(request, "committer") or (web_flow(repository) if signed else author)
    return make_commit(repository, tree, parents, message, author, committer, signed)


def person(request: Request, name: str) -> Identity | None:
    """author or committer of the body. Raises 422."""
    given = request.fields().get(name)
    if given is None:
        return None
    if not isinstance(given, dict) or not all(isinstance(given.get(key), str) for key in ("name", "email")):
        raise Refusal(422, f"Invalid request.\n\nFor 'properties/{name}', name and email are texts.")
    try:
        moment = parse_stamp(given["date"]) if given.get("date") else request.forge.clock.now()
    except (ValueError, TypeError) as wrong:
        raise Refusal(422, f"Invalid request.\n\nFor 'properties/{name}/date', no date and time.") from wrong
    return Identity(given["name"], given["email"], moment.astimezone(UTC))


# Trees and blobs


@route("GET", f"{REPO}/git/trees/{{sha+}}", "contents:read")
def get_tree(request: Request) -> Reply:
    repository, name = request.repository, request.names["sha"]
    tree = repository.git.tree(name) or repository.git.tree(repository.git.resolve(name) or "")
    if tree is None:
        raise not_found()
    entries: list[Json] = []
    _list_tree(repository, tree, "", bool(request.query.get("recursive")), entries)
    return Reply(200, _shown_tree(repository, str(tree.id), entries))


def _list_tree(repository: Repository, tree: pygit2.Tree, prefix: str, deep: bool, entries: list[Json]) -> None:
    for entry in tree:
        path = f"{prefix}{entry.name}"
        kind = entry.type_str
        shown: Json = {"path": path, "mode": f"{entry.filemode:06o}", "type": kind, "sha": str(entry.id)}
        if isinstance(entry, pygit2.Blob):
            shown["size"] = entry.size
        if kind != "commit":
            shown["url"] = f"{repository.api_url}/git/{kind}s/{entry.id}"
        entries.append(shown)
        if deep and isinstance(entry, pygit2.Tree):
            _list_tree(repository, entry, f"{path}/", deep, entries)


def _shown_tree(repository: Repository, sha: str, entries: list[Json]) -> Json:
    return {"sha": sha, "url": f"{repository.api_url}/git/trees/{sha}", "tree": entries, "truncated": False}


@route("POST", f"{REPO}/git/trees", "contents:write")
def create_tree(request: Request) -> Reply:
    repository, base = request.repository, request.maybe_text("base_tree")
    given = request.fields().get("tree")
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise Refusal(422, "Invalid tree info")
    if base is not None and repository.git.tree(base) is None:
        raise Refusal(422, "base_tree is not a valid tree oid")
    entries = dict(_tree_entry(repository, entry) for entry in given)
    tree = repository.git.tree(base) if base else None
    if any(entry is None and (tree is None or path not in tree) for path, entry in entries.items()):
        raise Refusal(422, "GitRPC::BadObjectState")
    made = repository.git.write_tree(base, entries)
    request.forge.clock.tick()
    shown: list[Json] = []
    written = repository.git.tree(made)
    assert written is not None
    _list_tree(repository, written, "", False, shown)
    location = {"Location": f"{repository.api_url}/git/trees/{made}"}
    return Reply(201, _shown_tree(repository, made, shown), location)


def _tree_entry(repository: Repository, entry: dict[str, object]) -> tuple[str, tuple[int, str] | None]:
    path, mode = entry.get("path"), entry.get("mode", "100644")
    if not isinstance(path, str) or mode not in MODES or not _is_path(path):
        raise Refusal(422, "tree.path contains a malformed path component" if isinstance(path, str)
                      else "Must supply a valid tree.path")  # fmt: skip
    if isinstance(entry.get("content"), str):
        return path, (int(str(mode), 8), repository.git.write_blob(str(entry["content"]).encode()))
    sha = entry.get("sha")
    if sha is None and "sha" in entry:
        return path, None
    if not isinstance(sha, str) or len(sha) != 40 or (mode != "160000" and sha not in repository.git.objects):
        raise Refusal(422, f"tree.sha {sha} is not a valid {MODES[str(mode)]}")
    return path, (int(str(mode), 8), sha)


def _is_path(path: str) -> bool:
    return all(part not in ("", ".", "..") and part.lower() != ".git" for part in path.split("/"))


@route("POST", f"{REPO}/git/blobs", "contents:write")
def create_blob(request: Request) -> Reply:
    content = decode(request.needed("content"), request.text("encoding", "utf-8"))
    sha = request.repository.git.write_blob(content)
    request.forge.clock.tick()
    url = f"{request.repository.api_url}/git/blobs/{sha}"
    return Reply(201, {"sha": sha, "url": url}, {"Location": url})


def decode(content: str, encoding: str) -> bytes:
    """Raises 422."""
    if encoding != "base64":
        return content.encode()
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise Refusal(422, "content is not valid Base64") from wrong


@route("GET", f"{REPO}/git/blobs/{{sha}}", "contents:read")
def get_blob(request: Request) -> Reply:
    blob = request.repository.git.blob(request.names["sha"])
    if blob is None:
        raise not_found()
    sha = str(blob.id)
    return Reply(200, {
        "sha": sha,
        "node_id": views.node_id("B", request.repository.id, sha),
        "size": blob.size,
        "url": f"{request.repository.api_url}/git/blobs/{sha}",
        "content": encode(blob.data),
        "encoding": "base64",
    })  # fmt: skip


def encode(data: bytes) -> str:
    """Base64 in lines of 60, as GitHub sends it."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))
