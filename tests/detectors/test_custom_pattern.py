"""From a rule in a policy to a finding, and what is said of a policy that cannot be used."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from gitops_healer.code.facts import Facts
from gitops_healer.code.matching.language import compile_rules
from gitops_healer.core.finding import Finding, Severity
from gitops_healer.detectors.custom_pattern import custom_pattern
from gitops_healer.errors import ConfigError
from gitops_healer.registry import FileView
from gitops_healer.settings import load_settings

POLICY = """
patterns:
  rules:
    - id: no-timeout
      pattern: requests.get(...)
      not: requests.get(..., timeout=$T, ...)
      inside: "def $F(...): ..."
      exclude: [tests]
      message: "call in {F} without a timeout"
      severity: high
"""
CODE = """
from requests import get
def load(url):
    get(url, timeout=3)
    return get(url)
"""


def findings(code: str, policy: str = POLICY, path: str = "shop/web.py") -> list[Finding]:
    settings = load_settings(policy.encode())
    matches = compile_rules(settings.patterns.rules).matches(ast.parse(code), code)
    assert custom_pattern.look is not None
    return list(custom_pattern.look(FileView(path, Facts(True), settings, matches=tuple(matches))))


def test_what_a_finding_says() -> None:
    (finding,) = findings(CODE)
    assert (finding.rule, finding.path, finding.symbol) == ("custom_pattern", "shop/web.py", "load")
    assert (finding.start, finding.end, finding.severity) == (5, 5, Severity.HIGH)
    assert finding.message == "call in load without a timeout (no-timeout)."
    assert finding.evidence == ("the code: get(url)", "$F is load")


def test_a_rule_without_message_names_itself() -> None:
    (finding,) = findings("f(1)", "patterns: {rules: [{id: no-f, pattern: f(...)}]}")
    assert finding.message == "This code fits a pattern of the policy (no-f)."
    assert finding.severity is Severity.MEDIUM


def test_the_fingerprint_survives_moves_and_layout() -> None:
    (finding,) = findings(CODE)
    (moved,) = findings(CODE.replace("get(url)", "get(\n        url\n    )").replace("def", "\nx = 1\n\ndef"))
    assert moved.fingerprint == finding.fingerprint
    assert moved.start != finding.start
    (changed,) = findings(CODE.replace("return get(url)", "return get(other)"))
    (renamed,) = findings(CODE, POLICY.replace("no-timeout", "give-timeout"))
    (elsewhere,) = findings(CODE.replace("load", "fetch"))
    assert len({finding.fingerprint, changed.fingerprint, renamed.fingerprint, elsewhere.fingerprint}) == 4


def test_equal_code_twice_is_two_findings() -> None:
    first, second = findings(CODE + "    return get(url)\n")
    assert first.fingerprint != second.fingerprint
    assert first.fingerprint == findings(CODE)[0].fingerprint


@pytest.mark.parametrize(
    ("paths", "path", "count"),
    [
        ("exclude: [tests]", "tests/test_web.py", 0),
        ("exclude: [tests]", "shop/web.py", 1),
        ("paths: shop", "shop/web.py", 1),
        ("paths: [shop/**]", "other/web.py", 0),
        ("paths: shop, exclude: web.py", "shop/web.py", 0),
    ],
)
def test_a_rule_is_about_its_paths(paths: str, path: str, count: int) -> None:
    assert len(findings("f(1)", f"patterns: {{rules: [{{id: a, pattern: f(1), {paths}}}]}}", path)) == count


def test_a_search_that_was_given_up_is_said() -> None:
    code = f"f({', '.join(map(str, range(3000)))})"
    (finding,) = findings(code, 'patterns: {rules: [{id: a, pattern: "f(..., $A, ..., $B, ..., $A, ...)"}]}')
    assert finding.message.startswith("Looking for this pattern took too long here")
    assert finding.severity is Severity.LOW


def test_without_rules_nothing_is_looked_for() -> None:
    assert not compile_rules(load_settings().patterns.rules)
    assert findings(CODE, "patterns: {rules: []}") == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("id: a, pattern: 'f('", r"yml: patterns\.rules\.pattern of rule a must be Python.*Example: pattern: requests"),
        ("id: a, pattern: 'f()', not: 'if $X:'", r"rules\.not of rule a must be Python.*needs a body.*Example: not: "),
        (
            "id: a, pattern: 'f()', not_inside: [a, $X]",
            r"rules\.not_inside of rule a must say more.*Example: not_in",
        ),
        ("id: a, pattern: 'f($X)', where: {Y: a}", r"rules\.where of rule a must name.*Y is none.*Example: where: "),
        ("id: a, pattern: 'f($X)', where: {X: '(a'}", r"rules\.where of rule a has a \( without"),
        ("id: a, pattern: 'f($X)', message: '{Y}'", r"rules\.message of rule a must name.*Y is none.*Example: message"),
        ("id: a, any: ['f($X)', g()], message: '{X}'", r"rules\.message of rule a must name"),
        ("id: a, pattern: 'f()', mesage: x", r"no setting patterns\.rules\.mesage\. Did you mean message\?"),
        ("id: a, pattern: 'f()', nott: x", r"no setting patterns\.rules\.nott\. Did you mean not\?"),
        ("pattern: 'f()'", r"patterns\.rules\.id is missing\. Example: id: no-timeout"),
        ("id: a", r"rules\.any of rule a must hold code to look for.*Example: any: \[requests"),
        ("id: A b, pattern: 'f()'", r"rules\.id .*pattern.*Example: id: no-timeout"),
        ("id: a, pattern: 3", r"rules\.pattern must be .*not 3\. Example: pattern: requests"),
        (
            "id: a, pattern: 'f()', severity: bad",
            r"severity must be 'low', 'medium' or .high.*Example: severity: m",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(rule: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(f"patterns: {{rules: [{{{rule}}}]}}".encode())


def test_two_rules_need_two_names() -> None:
    with pytest.raises(ConfigError, match=r"patterns\.rules must have an id of its own each, and a stands twice"):
        load_settings(b"patterns: {rules: [{id: a, pattern: 'f()'}, {id: a, pattern: 'g()'}]}")


def test_the_commented_examples_of_the_default_policy_are_rules() -> None:
    from gitops_healer.settings import policies_dir

    text = (policies_dir() / "patterns.yml").read_text("utf-8")
    shown = [line.replace("# ", "", 1) for line in text.splitlines() if line.startswith("  #")]
    rules = load_settings("\n".join(["patterns:", "  rules:", *shown]).encode()).patterns.rules
    assert {rule.id for rule in rules} == {"no-timeout", "mutable-default", "plain-http"}
    code = "import httpx\ndef f(a=[]):\n    httpx.get('http://x')\n    requests.get(u)\n"
    found = compile_rules(rules).matches(ast.parse(code), code)
    assert {match.rule for match in found} == {rule.id for rule in rules}


def test_the_examples_of_the_documentation_are_rules() -> None:
    page = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text("utf-8")
    policy, examples = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert [rule.id for rule in load_settings(policy.encode()).patterns.rules] == ["no-timeout"]
    indented = "".join(f"    {line}\n" for line in examples.splitlines())
    rules = load_settings(f"patterns:\n  rules:\n{indented}".encode()).patterns.rules
    found = compile_rules(rules).matches(ast.parse(EXAMPLE), EXAMPLE)
    assert {(match.rule, match.start) for match in found} == {
        ("mutable-default", 1),
        ("compared-with-itself", 2),
        ("swallowed", 3),
        ("not-closed-on-errors", 9),
        ("query-in-loop", 13),
        ("plain-http", 14),
    }
    assert findings("for a in b:\n    c\n    a.save()\n    d\n", _policy(snippet))
    assert not findings("for a in b:\n    c.save()\n", _policy(snippet))


def _policy(pattern: str) -> str:
    return yaml.safe_dump({"patterns": {"rules": [{"id": "a", "pattern": pattern}]}})


EXAMPLE = """def f(x, a={}):
    return a[0] == a[0] or x == a
try:
    f()
except KeyError:
    raise
except:
    pass
g = open("p")
g.read()
g.close()
for i in f():
    User.objects.get(pk=i)
    requests.get("http://example.org", timeout=i)
User.objects.get(pk=1)
requests.get("https://example.org")
"""
