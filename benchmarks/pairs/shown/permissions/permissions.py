"""Who may do what with a document."""

from gitops_healer.recorder import tool

RIGHTS = {"reader": {"read"}, "writer": {"read", "write"}, "admin": {"read", "write", "delete", "share"}}


def groups_of(user, groups):
    """All groups of a user, those inside of groups too."""
    found, waiting = set(), [user]
    while waiting:
        member = waiting.pop()
        for name, members in groups.items():
            if member in members and name not in found:
                found.add(name)
                waiting.append(name)
    return found


def matches(rule, path):
    if rule.endswith("/*"):
        return path.startswith(rule[:-1])
    return path == rule


@tool(
    examples=[
        {
            "input": ["ada", "a/b", [["a/*", "ada", "reader"]], {}],
            "expected_output": {"may": ["read"], "because": "a/*"},
        },
        {"input": ["ada", "b", [["a/*", "ada", "reader"]], {}], "expected_output": {"may": [], "because": None}},
    ]
)
def access(user, path, rules, groups):
    """What a user may do. rules: [path, user or group, role]; role none takes everything away. The longest path that
    fits decides, and among equal ones the last."""
    names = groups_of(user, groups) | {user}
    best, rights = None, set()
    for rule, who, role in rules:
        if who not in names or not matches(rule, path):
            continue
        if best is None or len(rule) >= len(best):
            best, rights = rule, RIGHTS[role] if role != "none" else set()
    return {"may": sorted(rights), "because": best}
