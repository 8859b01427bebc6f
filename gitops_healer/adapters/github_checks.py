"""Commit statuses and check runs at GitHub, which are two things and count both."""

from contextlib import suppress

from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_seen import check_run_of, gated_run_of, latest, ordered, status_of
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.adapters.remote import check_id
from gitops_healer.core.forge import Status
from gitops_healer.core.github_probed import TokenKind

LONGEST_DESCRIPTION = 140
"""Characters, of a commit status at GitHub."""


class Checks:
    def __init__(self, site: Site, sight: Sight) -> None:
        self._site = site
        self._sight = sight
        self.forget()

    def forget(self) -> None:
        self._known: dict[str, tuple[Status, ...]] = {}
        self._gated: dict[str, list[Status]] | None = None

    def of(self, commit: str) -> tuple[Status, ...]:
        if commit not in self._known:
            seen = self._sight.seen_at(commit)
            statuses = seen.statuses if seen else None
            reported = self._listed(check_id(commit)) if statuses is None else statuses
            self._known[commit] = ordered([*reported, *self._gated_at(commit)])
        return self._known[commit]

    def set(self, commit: str, status: Status) -> None:
        """Written only when nothing says the same already."""
        wanted = Status(status.context, status.state, _short(status.description), status.url)
        if wanted in self.of(commit):
            return
        body = {"context": wanted.context, "state": wanted.state.value, "description": wanted.description}
        body |= {"target_url": wanted.url} if wanted.url else {}
        self._site.client.create(
            self._site.path("statuses", check_id(commit)),
            body,
            lambda: next((known for known in self._statuses(commit) if known == wanted), None),
            status_of,
        )
        others = (known for known in self._known.pop(commit, ()) if known.context != wanted.context)
        self._known[commit] = ordered([*others, wanted])

    def _listed(self, commit: str) -> tuple[Status, ...]:
        runs = self._site.client.each(self._site.path("commits", commit, "check-runs"), "check_runs")
        try:
            return ordered([*self._statuses(commit), *latest(map(check_run_of, runs))])
        except RefusedError as error:
            if error.status in (404, 422):  # not there (any more), or not yet
                return ()
            raise

    def _gated_at(self, commit: str) -> list[Status]:
        """Workflows that wait for approval, and report nothing else before: those of what the token of a job pushed
        (docs.github.com, "GITHUB_TOKEN"). One call tells of all."""
        if self._site.account.kind is not TokenKind.ACTIONS:
            return []
        if self._gated is None:
            self._gated = {}
            runs = self._site.client.each(self._site.path("actions", "runs"), "workflow_runs", status="action_required")
            with suppress(RefusedError):  # without actions: read it cannot be told
                for run in runs:
                    self._gated.setdefault(str(run["head_sha"]), []).append(gated_run_of(run))
        return self._gated.get(commit, [])

    def _statuses(self, commit: str) -> list[Status]:
        """The newest of each context."""
        found = self._site.client.each(self._site.path("commits", commit, "status"), "statuses")
        return [status_of(data) for data in found]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"
