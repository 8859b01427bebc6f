"""What GitHub answers when it is asked, by reading only, what the healer may do there: for `doctor`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests

from gitops_healer.adapters.github_client import GitHubClient
from gitops_healer.adapters.github_credentials import Access
from gitops_healer.adapters.github_workflows import HealingWorkflow
from gitops_healer.core.github_permissions import NEEDS
from gitops_healer.core.github_probed import Grant, Probed, Rate, RepositorySeen, TokenKind, WorkflowSeen
from gitops_healer.core.github_rules import Rule, RulesSeen
from gitops_healer.core.naming import BRANCH_PREFIX, LEDGER_BRANCH
from gitops_healer.errors import ForgeError
from gitops_healer.ports import Clock

TIMEOUT = 15  # seconds for one answer of git over HTTP
SAMPLE_BRANCH = f"{BRANCH_PREFIX}rule/0123456789"

_READ_BY = {
    "pull-requests": "pulls?per_page=1",
    "statuses": "commits/{base}/status?per_page=1",
    "checks": "commits/{base}/check-runs?per_page=1",
    "issues": "issues?per_page=1",
    "actions": "actions/workflows?per_page=1",
}
_LEVELS = {"read": Grant.READ, "write": Grant.WRITE, "admin": Grant.WRITE}


class GitHubProbe:
    """Asks one repository. Nothing that it asks changes anything."""

    def __init__(self, access: Access, client: GitHubClient, app_client: GitHubClient | None, clock: Clock) -> None:
        """client: asks with the token; app_client: as the App itself, where we have its key."""
        self._access = access
        self._client = client
        self._app_client = app_client
        self._clock = clock
        self._path = f"/repos/{access.place.name}"

    def probe(self, base_branch: str, workflows: Sequence[HealingWorkflow] = ()) -> Probed:
        """base_branch: "" for the default branch; workflows: those of it that run the healer. Raises ForgeError when
        GitHub cannot be reached or does not know the token."""
        place, account = self._access.place, self._access.account
        before = self._clock.now()
        status, headers, data = self._get(self._path)
        after = self._clock.now()
        seen: dict[str, Any] = {
            "kind": account.kind,
            "login": account.login,
            "name": place.name,
            "server_url": place.server_url,
            "now": after,
            "skew": _skew(headers, before, after),
            "expires": _expiry(headers),
            "classic": "x-oauth-scopes" in headers,
        }
        if status != 200:
            return Probed(**seen, base_branch=base_branch, repository=None, refused=_refusal(status, data))
        repository = _repository(data, account.kind)
        base = base_branch or repository.default_branch
        grants, source = self._grants(headers, repository, base, workflows)
        return Probed(
            **seen,
            base_branch=base,
            repository=repository,
            grants=grants,
            source=source,
            opens_pulls=self._opens_pulls(),
            rules=self._rules(base),
            workflows=self._workflows(workflows),
            rate=self._rate(),
        )

    # Permissions

    def _grants(
        self, headers: Mapping[str, str], repository: RepositorySeen, base: str, workflows: Sequence[HealingWorkflow]
    ) -> tuple[tuple[tuple[str, Grant], ...], str]:
        """What is known of each permission, and from where."""
        if self._app_client is not None:
            _, _, found = self._get(f"{self._path}/installation", self._app_client)
            given = found.get("permissions") or {}
            return tuple((need.scope, _level(given, need.scope)) for need in NEEDS), "as the App is installed"
        if "x-oauth-scopes" in headers:
            scopes = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")}
            all_of_it = "repo" in scopes or ("public_repo" in scopes and not repository.private)
            grant = Grant.WRITE if all_of_it else Grant.NONE
            return tuple((need.scope, grant) for need in NEEDS), f"scopes of the token: {', '.join(sorted(scopes))}"
        pushes = ("contents", Grant.WRITE if self._may_push() else Grant.READ)
        written = next((workflow for workflow in workflows if workflow.grants), None)
        if self._access.account.kind is TokenKind.ACTIONS and written is not None:
            return (*written.grants, pushes), f"as {written.path} gives them to its job"
        read = self._read(base) if repository.private else ()
        return (pushes, *read), "as far as reading tells"

    def _may_push(self) -> bool:
        """Whether git may push: GitHub says so before anything is sent."""
        place, credential = self._access.place, self._access.credential()
        try:
            answer = requests.get(
                f"{place.clone_url}/info/refs",
                params={"service": "git-receive-pack"},
                auth=("x-access-token", credential.token),
                timeout=TIMEOUT,
            )
        except requests.RequestException as error:
            raise ForgeError(f"{place.host} cannot be reached by git over HTTP: {type(error).__name__}") from error
        return answer.status_code == 200

    def _read(self, base: str) -> Iterator[tuple[str, Grant]]:
        for scope, path in _READ_BY.items():
            status, _, _ = self._get(f"{self._path}/{path.format(base=quote(base, safe=''))}")
            yield scope, Grant.READABLE if status == 200 else Grant.NONE if status == 403 else Grant.UNKNOWN

    # What the repository allows

    def _opens_pulls(self) -> bool | None:
        if self._access.account.kind is not TokenKind.ACTIONS:
            return None
        status, _, data = self._get(f"{self._path}/actions/permissions/workflow")
        return bool(data.get("can_approve_pull_request_reviews")) if status == 200 else None

    def _rules(self, base: str) -> RulesSeen:
        status, _, branch = self._get(f"{self._path}/branches/{quote(base, safe='')}")
        protection = (branch.get("protection") or {}) if status == 200 else {}
        contexts = tuple(map(str, (protection.get("required_status_checks") or {}).get("contexts") or ()))
        rules = self._rules_of(base)
        known = {context for rule in rules for context in rule.contexts}
        missing = tuple(context for context in contexts if context not in known)
        if missing:
            rules = (*rules, Rule("required_status_checks", missing))
        classic = bool(protection.get("enabled"))
        return RulesSeen(rules, self._rules_of(SAMPLE_BRANCH), self._rules_of(LEDGER_BRANCH), classic)

    def _rules_of(self, branch: str) -> tuple[Rule, ...]:
        status, _, found = self._get(f"{self._path}/rules/branches/{quote(branch, safe='')}?per_page=100")
        items = found.get("items") if status == 200 else None
        return tuple(_rule(item) for item in items or () if isinstance(item, dict))

    def _workflows(self, ours: Sequence[HealingWorkflow]) -> tuple[WorkflowSeen, ...] | None:
        if not ours:
            return ()
        status, _, data = self._get(f"{self._path}/actions/workflows?per_page=100")
        if status != 200:
            return None
        found = ((str(item.get("path")), str(item.get("state"))) for item in data.get("workflows") or ())
        paths = {workflow.path for workflow in ours}
        return tuple(WorkflowSeen(path, state) for path, state in found if path in paths)

    def _rate(self) -> Rate | None:
        status, _, data = self._get("/rate_limit")
        core = (data.get("resources") or {}).get("core") if status == 200 else None
        if not core:
            return None
        return Rate(int(core["remaining"]), int(core["limit"]), datetime.fromtimestamp(int(core["reset"]), UTC))

    def _get(self, path: str, client: GitHubClient | None = None) -> tuple[int, Mapping[str, str], dict[str, Any]]:
        """(status, headers with lower-case names, JSON object; of a list {"items": list}). Raises ForgeError."""
        response = (client or self._client).look(path)
        if response.status == 401:
            raise ForgeError(f"{self._access.place.host} does not know the token: it is wrong, revoked or expired")
        data = response.data
        return response.status, response.headers, data if isinstance(data, dict) else {"items": data or []}


def _level(given: Mapping[str, Any], scope: str) -> Grant:
    return _LEVELS.get(str(given.get(scope.replace("-", "_"))), Grant.NONE)


def _refusal(status: int, data: Mapping[str, Any]) -> str:
    said = f" ({data['message']})" if data.get("message") else ""
    return f"it is not there, or this token may not see it: GitHub answers {status}{said}"


def _repository(data: Mapping[str, Any], kind: TokenKind) -> RepositorySeen:
    permissions = data.get("permissions") or {}
    squash = data.get("allow_squash_merge")
    return RepositorySeen(
        private=bool(data.get("private")),
        archived=bool(data.get("archived")),
        default_branch=str(data.get("default_branch") or ""),
        issues=bool(data.get("has_issues")),
        squash=None if squash is None else bool(squash),
        pushes=bool(permissions["push"]) if kind is TokenKind.PAT and "push" in permissions else None,
    )


def _rule(data: Mapping[str, Any]) -> Rule:
    given = data.get("parameters") or {}
    checks = given.get("required_status_checks") or ()
    return Rule(
        kind=str(data.get("type")),
        contexts=tuple(str(check.get("context")) for check in checks),
        approvals=int(given.get("required_approving_review_count") or 0),
        methods=tuple(map(str, given.get("allowed_merge_methods") or ())),
    )


def _skew(headers: Mapping[str, str], before: datetime, after: datetime) -> timedelta | None:
    """How far our clock is ahead; the header has whole seconds, and was written between our two looks."""
    try:
        theirs = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError):
        return None
    ours = before + (after - before) / 2
    return ours - theirs - timedelta(milliseconds=500)


def _expiry(headers: Mapping[str, str]) -> datetime | None:
    """`2026-12-01 10:00:00 UTC`, which GitHub sends for personal tokens that end."""
    text = headers.get("github-authentication-token-expiration", "").removesuffix(" UTC")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
