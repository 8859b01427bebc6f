"""What branch rules at GitHub mean for the healer. Pure: the rules in, Decision out.

Source: docs.github.com, "Available rules for rulesets". Rules of rulesets can be read by everybody; of classic branch
protection only the required checks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gitops_healer.core.decision import Decision, no, yes
from gitops_healer.core.forge import VALIDATION

OURS = "healer/*"
LEDGER = "healer-ledger"

_PUSH_STOPPERS = {
    "creation": "creating branches is restricted",
    "update": "updating branches is restricted",
    "pull_request": "changes need a pull request",
    "required_status_checks": "status checks are required",
    "required_deployments": "deployments are required",
    "merge_queue": "changes need the merge queue",
    "workflows": "workflows are required",
}
_FORCE_STOPPERS = {
    "non_fast_forward": "force pushes are blocked, so a pull request cannot be rebuilt when its base changes",
    "deletion": "deleting is restricted, so branches stay after their merge",
}


@dataclass(frozen=True)
class Rule:
    """One active rule. kind: GitHub's name; contexts: required checks; approvals: required reviews; methods: merge
    methods that it allows, empty for all."""

    kind: str
    contexts: tuple[str, ...] = ()
    approvals: int = 0
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class RulesSeen:
    """Active rules of the base branch, of branches of ours (`healer/*`) and of the ledger's; protected: whether classic
    branch protection is on for the base branch."""

    base: tuple[Rule, ...] = ()
    ours: tuple[Rule, ...] = ()
    ledger: tuple[Rule, ...] = ()
    protected: bool = False


def rules_tree(seen: RulesSeen, base_branch: str, token: str, settings_url: str) -> Decision:
    """token: app, pat or actions."""
    where = f"{settings_url}/rules"
    children = [
        *(part for rule in seen.base for part in _base_rule(rule, base_branch, token, where)),
        *_pushes(OURS, seen.ours, where, signed=token != "pat"),
        *_pushes(LEDGER, seen.ledger, where, signed=False),
    ]
    if seen.protected:
        children.append(
            yes("protection", f"{base_branch} has classic branch protection; the first merge shows what else it asks")
        )
    if not children:
        return yes("branch rules", f"none that matter for {base_branch}, healer/* and healer-ledger")
    return weighed("branch rules", children, frozenset({OURS, LEDGER}))


def weighed(gate: str, children: Iterable[Decision], matters: frozenset[str] | None = None) -> Decision:
    """Yes when every child that matters (None: all) says yes; the others are told all the same."""
    tree = tuple(children)
    bad = next((child for child in tree if not child.allowed and (matters is None or child.gate in matters)), None)
    if bad is not None:
        return Decision(gate, False, f"{bad.gate}: {bad.reason}", tree, bad.next_action)
    less = sum(not child.allowed for child in tree)
    text = (
        f"it works, but for {less} thing{'s' * (less > 1)} that cannot be had"
        if less
        else "all that is needed is there"
    )
    return Decision(gate, True, text, tree)


def _base_rule(rule: Rule, branch: str, token: str, where: str) -> Iterator[Decision]:
    match rule.kind:
        case "required_status_checks":
            yield from (_required_check(context, token) for context in rule.contexts)
        case "pull_request":
            yield _required_reviews(rule, where)
        case "required_signatures":
            yield yes("signatures", f"required on {branch}: GitHub signs the squash merges that it makes for us")
        case "merge_queue":
            yield no(
                "merge queue",
                f"{branch} takes merges from its queue only, which the healer cannot use: you add its pull requests",
                f"{where} → let the healer bypass the rule, or leave limits.mode at propose and merge them yourself",
            )
        case "update":
            yield no("restricted", f"updating {branch} is restricted", f"{where} → add the healer to the bypass list")
        case "workflows" | "code_scanning" | "required_deployments":
            yield yes(rule.kind.replace("_", " "), f"required on {branch}; a merge waits for it")
        case "commit_message_pattern" | "commit_author_email_pattern" | "committer_email_pattern":
            yield yes(rule.kind.replace("_", " "), f"{branch} wants one: a merge that does not fit is refused and told")


def _required_check(context: str, token: str) -> Decision:
    gate = f"required check {context}"
    if context == VALIDATION:
        return yes(gate, "the healer sets it itself")
    if token == "actions":
        return yes(gate, "when it is a workflow it waits for `Approve workflows to run`, and the merge waits with it")
    return yes(gate, "it runs on our pull requests as on anybody's, and a merge waits for it")


def _required_reviews(rule: Rule, where: str) -> Decision:
    if rule.methods and "squash" not in rule.methods:
        return no("merge method", f"only {' or '.join(rule.methods)} is allowed, and the healer squashes",
                  f"{where} → Require a pull request → Allowed merge methods → Squash")  # fmt: skip
    if rule.approvals:
        reviews = f"{rule.approvals} approving review{'s' * (rule.approvals > 1)}"
        return yes("reviews", f"a merge waits for {reviews}, in mode deploy too")
    return yes("reviews", "a pull request is required, which the healer opens anyway; no approvals are")


def _pushes(branches: str, rules: tuple[Rule, ...], where: str, *, signed: bool) -> Iterator[Decision]:
    """What keeps us from pushing to branches of our own."""
    step = f"{where} → leave {branches}{'*' if branches == 'healer/*' else ''} out of the ruleset's target branches"
    stops = [_PUSH_STOPPERS[rule.kind] for rule in rules if rule.kind in _PUSH_STOPPERS]
    if not signed and any(rule.kind == "required_signatures" for rule in rules):
        stops.append("signed commits are required, and what is pushed there is not signed")
    if branches == LEDGER and any(rule.kind.endswith("_pattern") for rule in rules):
        stops.append("a pattern is required of commits or names")
    if stops:
        yield no(branches, f"a rule keeps the healer from pushing there: {'; '.join(stops)}", step)
        return
    if branches == OURS:
        less = [_FORCE_STOPPERS[rule.kind] for rule in rules if rule.kind in _FORCE_STOPPERS]
        if less:
            yield yes(branches, f"{'; '.join(less)}. {step} changes that")
