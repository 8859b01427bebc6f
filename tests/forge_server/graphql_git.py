"""Refs, commits, trees and blobs as GraphQL nodes."""

from functools import partial
from typing import Any

import pygit2

from tests.forge_server import graphql_checks, graphql_pulls, graphql_repository, views
from tests.forge_server.graphql_paging import Info, Node, connection
from tests.forge_server.graphql_reader import Reader


def ref(see: Reader, name: str) -> Node | None:
    full = name if name.startswith("refs/") else f"refs/heads/{name}"
    sha = see.repository.git.ref(full)
    if sha is None:
        return None
    prefix, short = _split_ref(full)
    return {
        "__typename": "Ref", "id": views.node_id("REF", see.repository.id, full), "name": short, "prefix": prefix,
        "repository": lambda info: graphql_repository.repository_node(see), "target": lambda info: git_object(see, sha),
        "associatedPullRequests": lambda info, **a: graphql_pulls.pulls(see, info, **{**a, "headRefName": short}),
    }  # fmt: skip


def refs(see: Reader, info: Info, refPrefix: str, **a: Any) -> Node:  # noqa: N803
    names = sorted(name for name in see.repository.git.refs() if name.startswith(refPrefix))
    wanted = [name for name in names if (a.get("query") or "") in name]
    descending = (a.get("orderBy") or {}).get("direction", a.get("direction")) == "DESC"
    return connection(info, wanted[::-1] if descending else wanted, lambda name: ref(see, name) or {}, a)


def object_at(see: Reader, oid: str | None, expression: str | None) -> Node | None:
    """oid, or an expression: a revision, or revision:path"""
    git = see.repository.git
    if oid is not None:
        return git_object(see, oid) if oid in git.objects else None
    revision, colon, path = (expression or "").partition(":")
    sha = git.resolve(revision)
    if sha is None or not colon:
        return git_object(see, sha) if sha else None
    entry = git.entry(sha, path)
    return git_object(see, str(entry.id)) if entry is not None else None


def git_object(see: Reader, sha: str) -> Node:
    see.needs("contents:read")
    found: Any = see.repository.git.objects[sha]
    base = {
        "id": views.node_id(found.type_str[0].upper(), see.repository.id, sha), "oid": sha,
        "abbreviatedOid": sha[:7], "commitUrl": f"{see.repository.html_url}/commit/{sha}",
    }  # fmt: skip
    match found:
        case pygit2.Commit():
            return commit(see, found)
        case pygit2.Tree():
            entries = [
                {"name": e.name, "path": e.name, "oid": str(e.id), "mode": int(e.filemode), "type": e.type_str}
                for e in found
            ]
            return base | {"__typename": "Tree", "entries": entries}
        case pygit2.Blob():
            text = None if found.is_binary else found.data.decode("utf-8", "replace")
            size = {"byteSize": found.size, "isBinary": found.is_binary, "isTruncated": False}
            return base | {"__typename": "Blob", "text": text, **size}
        case _:
            return git_object(see, str(found.peel(pygit2.Commit).id))


def commit(see: Reader, found: pygit2.Commit) -> Node:
    sha, git = str(found.id), see.repository.git
    message = views.message_of(found)
    headline, _, rest = message.partition("\n")
    signed = views.verification(see.forge, found)

    def figures(name: str) -> int:
        changes = git.diff(str(found.parent_ids[0]) if found.parent_ids else None, sha)
        return sum(getattr(change, name) for change in changes) if name else len(changes)

    return {
        "__typename": "Commit", "id": views.node_id("C", see.repository.id, sha), "oid": sha,
        "abbreviatedOid": sha[:7], "url": f"{see.repository.html_url}/commit/{sha}",
        "commitUrl": f"{see.repository.html_url}/commit/{sha}", "message": message, "messageHeadline": headline,
        "messageBody": rest.lstrip("\n"), "authoredDate": views.when(found.author),
        "committedDate": views.when(found.committer), "author": git_actor(see, found.author),
        "committer": git_actor(see, found.committer), "tree": lambda info: git_object(see, str(found.tree_id)),
        "additions": lambda info: figures("additions"), "deletions": lambda info: figures("deletions"),
        "changedFilesIfAvailable": lambda info: figures(""),
        "parents": lambda info, **a: connection(info, list(found.parents), partial(commit, see), a),
        "history": lambda info, **a: connection(info, list(git.log(sha)), partial(commit, see), a),
        "signature": None if signed["signature"] is None else {
            "__typename": "GpgSignature", "isValid": signed["verified"], "signature": signed["signature"],
            "wasSignedByGitHub": signed["verified"],
        },
        "statusCheckRollup": lambda info: graphql_checks.rollup(see, sha),
    }  # fmt: skip


def git_actor(see: Reader, signature: pygit2.Signature) -> Node:
    login = views.account_of(see.forge, signature.email)
    person = views.git_person(signature)
    return {**person, "user": see.actor(login) if login else None}


def _split_ref(full: str) -> tuple[str, str]:
    parts = full.split("/", 2)
    return (f"{parts[0]}/{parts[1]}/", parts[2]) if len(parts) == 3 else ("refs/", parts[-1])
