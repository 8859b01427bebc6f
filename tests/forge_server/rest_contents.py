"""Files of a branch: read, write, delete, each write a commit."""

import pygit2

from tests.forge_server import views
from tests.forge_server.errors import Refusal, not_found
from tests.forge_server.git_store import ZERO
from tests.forge_server.refs import check_direct_push, move
from tests.forge_server.rest import REPO, Reply, Request, route
from tests.forge_server.rest_git import commit_as_asked, decode, encode
from tests.forge_server.state import Repository
from tests.forge_server.views import Json


@route("GET", f"{REPO}/contents", "contents:read")
@route("GET", f"{REPO}/contents/{{path+}}", "contents:read")
def get_contents(request: Request) -> Reply:
    repository, path = request.repository, request.names.get("path", "").strip("/")
    ref = request.query.get("ref") or repository.options.default_branch
    sha = repository.git.resolve(ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    found = repository.git.entry(sha, path)
    if isinstance(found, pygit2.Tree):
        return Reply(200, [_shown(repository, ref, _join(path, str(entry.name)), entry) for entry in found])
    if not isinstance(found, pygit2.Blob):
        raise not_found()
    accepts = request.headers.get("Accept", "")
    if "raw" in accepts.split("/")[-1].split("+")[0].split("."):
        return Reply(200, found.data, {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"})
    shown = _shown(repository, ref, path, found)
    return Reply(200, shown | {"content": encode(found.data), "encoding": "base64"})


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _shown(repository: Repository, ref: str, path: str, found: pygit2.Object) -> Json:
    kind = {"blob": "file", "tree": "dir"}.get(found.type_str, "submodule")
    quoted = views.quote_path(path)
    url = f"{repository.api_url}/contents/{quoted}?ref={ref}"
    git_url = f"{repository.api_url}/git/{found.type_str}s/{found.id}"
    html = f"{repository.html_url}/{'tree' if kind == 'dir' else 'blob'}/{ref}/{quoted}"
    return {
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": str(found.id),
        "size": found.size if isinstance(found, pygit2.Blob) else 0,
        "url": url,
        "html_url": html,
        "git_url": git_url,
        "download_url": f"{repository.html_url}/raw/{ref}/{quoted}" if kind == "file" else None,
        "type": kind,
        "_links": {"self": url, "git": git_url, "html": html},
    }


@route("PUT", f"{REPO}/contents/{{path+}}", "contents:write")
def put_contents(request: Request) -> Reply:
    """Create or change a file; its old blob must be named, or 409 and 422."""
    path, content = request.names["path"], decode(request.needed("content"), "base64")
    branch, base, old = _place(request)
    _check_sha(request, path, old)
    blob = request.repository.git.write_blob(content)
    commit = _commit(request, branch, base, {path: (0o100644, blob)})
    entry = request.repository.git.entry(str(commit["sha"]), path)
    assert entry is not None
    shown = _shown(request.repository, branch, path, entry)
    return Reply(201 if old is None else 200, {"content": shown, "commit": commit})


@route("DELETE", f"{REPO}/contents/{{path+}}", "contents:write")
def delete_contents(request: Request) -> Reply:
    path = request.names["path"]
    branch, base, old = _place(request)
    if old is None:
        raise not_found()
    _check_sha(request, path, old)
    return Reply(200, {"content": None, "commit": _commit(request, branch, base, {path: None})})


def _place(request: Request) -> tuple[str, str | None, str | None]:
    """(branch, its tip or None in an empty repository, the blob that stands at the path)."""
    repository = request.repository
    branch = request.text("branch", repository.options.default_branch)
    tip = repository.git.branch(branch)
    if tip is None and repository.git.branches():
        raise Refusal(404, f"Branch {branch} not found")
    entry = repository.git.entry(tip, request.names["path"]) if tip else None
    return branch, tip, None if entry is None else str(entry.id)


def _check_sha(request: Request, path: str, old: str | None) -> None:
    given = request.maybe_text("sha")
    if old is not None and given is None:
        raise Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if old != given and given is not None:
        raise Refusal(409, f"{path} does not match {given}")


def _commit(request: Request, branch: str, base: str | None, entries: dict[str, tuple[int, str] | None]) -> Json:
    repository = request.repository
    tree = repository.git.write_tree(base, entries)
    made = commit_as_asked(request, tree, [base] if base else [], request.needed("message"))
    ref = f"refs/heads/{branch}"
    check_direct_push(repository, request.caller, ref, made)
    move(repository, request.caller, ref, made, base or ZERO)
    commit = repository.git.commit(made)
    assert commit is not None
    return views.git_commit(repository, commit)
