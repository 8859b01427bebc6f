"""Drafts at GitHub become ordinary pull requests. REST cannot do that; GraphQL can, by the node id.

A draft is a flag at GitHub, or a title where the repository or its plan has no drafts.
"""

from dataclasses import replace

from gitops_healer.adapters.github_errors import RefusedError
from gitops_healer.adapters.github_queries import MARK_READY
from gitops_healer.adapters.github_reading import DRAFT, Json, promised, pull_of
from gitops_healer.adapters.github_sight import Sight
from gitops_healer.adapters.github_site import Site
from gitops_healer.core.forge import Pull, PullState
from gitops_healer.errors import ForgeError


class Drafts:
    def __init__(self, site: Site, sight: Sight) -> None:
        self._site = site
        self._sight = sight

    def mark_ready(self, number: int) -> None:
        """First the title, then the flag: whoever is asked to look by the second sees no draft any more."""
        name = self._site.place.name
        known = self._sight.pull(number)
        if known is None:
            raise ForgeError(f"there is no pull request #{number} in {name}")
        if not known.draft:
            return
        data = self._site.client.fresh(self._site.path("pulls", number))
        pull = pull_of(data, name)
        if pull.state is not PullState.OPEN:
            raise ForgeError(f"#{number} is {pull.state.value}: only an open draft can be marked ready")
        if pull.title.startswith(DRAFT):
            pull = self._retitled(pull)
        if _is_flagged(data):
            self._unflagged(pull, _node_of(data))
        self._sight.note(replace(pull, draft=False))

    def _retitled(self, pull: Pull) -> Pull:
        path, title = self._site.path("pulls", pull.number), pull.title.removeprefix(DRAFT)
        return pull_of(self._site.client.change("PATCH", path, {"title": title}), self._site.place.name)

    def _unflagged(self, pull: Pull, node: str) -> None:
        def look() -> bool | None:
            return None if _is_flagged(self._site.client.fresh(self._site.path("pulls", pull.number))) else True

        try:
            self._site.client.mutate(MARK_READY, {"pull": node}, look, lambda _: True)
        except RefusedError as error:
            raise ForgeError(
                f"#{pull.number} stays a draft: {error.said or error}. Give the token `contents: write` and "
                f"`pull-requests: write`, or press `Ready for review` on {pull.url}"
            ) from error


def _is_flagged(data: Json) -> bool:
    return data.get("draft") is True


@promised
def _node_of(data: Json) -> str:
    return str(data["node_id"])
