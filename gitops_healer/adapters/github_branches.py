"""Branches of ours at GitHub: moved by git with a lease; commits made by GitHub itself where it signs them for us.

GitHub signs what a bot's token makes by its API when no author is named (docs.github.com, "Signature verification for
bots"). The commit gets a ref of ours, is fetched, and only then does git move the branch: no other way compares.
"""

from collections.abc import Sequence
from typing import Any

from gitops_healer.adapters.forge_input import branch_ref
from gitops_healer.adapters.github_site import Site
from gitops_healer.adapters.remote import check_id
from gitops_healer.core.naming import SCRATCH_PREFIX
from gitops_healer.errors import ForgeError, LostRaceError
from gitops_healer.ports import RefUpdate


class Branches:
    def __init__(self, site: Site) -> None:
        self._site = site

    def push(self, branch: str, commit: str, expected: str) -> str:
        ref, now = branch_ref(branch), self._site.origin.head(branch) or ""
        if now == check_id(commit) or (self._site.account.signs and self._same(now, commit)):
            return now
        _must_stand(branch, now, expected)
        if not self._site.account.signs:
            self._move([RefUpdate(ref, commit, expected)])
            return commit
        scratch = f"{SCRATCH_PREFIX}sign-{commit}"
        signed = self._signed(commit, scratch)
        self._move([RefUpdate(ref, signed, expected), RefUpdate(scratch, "", signed)])
        return signed

    def delete(self, branch: str, expected: str) -> None:
        now = self._site.origin.head(branch) or ""
        if not now:
            return
        _must_stand(branch, now, expected)
        self._move([RefUpdate(branch_ref(branch), "", expected)])

    def _move(self, updates: Sequence[RefUpdate]) -> None:
        """A lost race is none when all stands as we wanted it: git repeats a push of which the answer was cut off."""
        try:
            self._site.origin.push(updates)
        except LostRaceError:
            if any(self._site.origin.at(update.ref) != update.new for update in updates):
                raise

    def _signed(self, commit: str, scratch: str) -> str:
        """A commit with the same tree, parents and message, made by GitHub; at `scratch` there, and here as well."""
        self._site.origin.publish({scratch: commit})
        wanted = self._site.repository.commit(commit)
        body = {"message": wanted.message, "tree": wanted.tree, "parents": list(wanted.parents)}
        # one that nothing refers to does no harm: a run that dies here is picked up by making it again
        made = self._site.client.create(self._site.path("git", "commits"), body, lambda: None, _sha)
        path = self._site.path("git", "refs", scratch.removeprefix("refs/"))
        self._site.client.change("PATCH", path, {"sha": made, "force": True})
        self._site.origin.refresh()
        if self._site.origin.at(scratch) != made or not self._same(made, commit):
            raise ForgeError(
                f"GitHub did not make the same commit of {commit[:10]} to sign it: the next cycle tries again"
            )
        return made

    def _same(self, one: str, other: str) -> bool:
        if not one or self._site.repository.resolve(one) is None:
            return False
        left, right = self._site.repository.commit(one), self._site.repository.commit(other)
        alike = left.tree == right.tree and left.parents == right.parents
        return alike and left.message.strip() == right.message.strip()


def _must_stand(branch: str, now: str, expected: str) -> None:
    if now != expected:
        raise LostRaceError(
            f"{branch} stands at {now[:10] or 'nothing'}, not at {expected[:10] or 'nothing'}: look again"
        )


def _sha(data: Any) -> str:
    return check_id(str(data["sha"]))
