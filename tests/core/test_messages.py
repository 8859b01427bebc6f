"""What is said to people: the table, the templates, the settings and the page agree."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.messages import KINDS, MOST_CHARACTERS, VALUES, Messages, messages_page, problem_of
from gitops_healer.core.quoting import quoted
from gitops_healer.errors import ConfigError
from gitops_healer.settings import MessagesPolicy, load_settings, policies_dir
from tests.core.golden_files import golden

REAL = {
    "answers": "- `/choose up-93792649d4 return-0`: `text='sold out' gives 0`",
    "by": quoted("robin"),
    "cause": quoted("average raises ZeroDivisionError when stars is empty"),
    "codename": quoted("teal-inlet"),
    "commit": "5daaefef37",
    "components": quoted("shop/ratings.py"),
    "count": "1",
    "id": "up-6499ba7f1a",
    "lines": "2",
    "needed": "write permission",
    "next": "An admin can give it.",
    "paths": quoted("shop/ratings.py"),
    "permission": "read permission",
    "phase": "CI runs, and the gates are asked about what a merge gives.",
    "question": quoted("What does an unreadable line mean?"),
    "reason": quoted("shop.ratings:average failed 0 of 40 times since the merge (0%)"),
    "request": quoted("faster averages"),
    "retry": "/retry up-6499ba7f1a",
    "revert": "58c261dce8",
    "risk": "low",
    "title": quoted("Return 0.0 from average when stars is empty"),
    "until": "2026-03-02 12:00 UTC",
    "upgrades": "- `up-6499ba7f1a` (teal-inlet): `average fails`",
    "version": "1",
    "what": quoted("robin changed healer/scripted/420be9b686"),
}
DEFAULTS = load_settings().messages.view()


def test_every_message_with_real_values() -> None:
    said = [f"## {kind.name}\n\n{DEFAULTS.render(kind.name, **{v: REAL[v] for v in kind.values})}" for kind in KINDS]
    golden("messages.md", "\n\n".join(said))


def test_the_table_the_settings_and_the_policy_name_the_same_messages() -> None:
    policy = yaml.safe_load((policies_dir() / "messages.yml").read_text())["messages"]
    assert [kind.name for kind in KINDS] == list(MessagesPolicy.model_fields) == list(policy)
    assert {value for kind in KINDS for value in kind.values} == set(VALUES)


def test_the_page_is_current() -> None:
    page = Path(__file__).parents[2] / "docs" / "messages.md"
    assert page.read_text("utf-8") == messages_page(DEFAULTS.templates)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{id} is fine", None),
        ("braces: {{id}} and }}", None),
        ("```\ncode\n```", None),
        ("<details><summary>x</summary>\n{reason}\n</details>", None),
        ("", "must say something"),
        ("   \n", "must say something"),
        ("x" * (MOST_CHARACTERS + 1), "at most 4,000"),
        ("{until}", "Allowed here: {id}, {codename}, {title}, {reason}, {retry}"),
        ("{id.__class__}", "single {"),
        ("{id[0]}", "single {"),
        ("{id!r:>10}", "single {"),
        ("{0}", "single {"),
        ("{}", "single {"),
        ("a } b", "single }"),
        ("a { b", "write {id} for a value, {{ for a brace"),
        ("<!-- healer:progress up-1 -->", "HTML comments"),
        ("~~~\nnever closed", "must close its code block ~~~"),
        ("````\n```\n", "must close its code block ````"),
        ("<details>", "must close <details>"),
        ("</details>", "must not close <details>"),
    ],
)
def test_what_a_template_may_be(template: str, problem: str | None) -> None:
    said = problem_of("failure", template)
    assert said is None if problem is None else said is not None and problem in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("messages: {failure: 'no {commit}'}", "messages.failure must not use {commit}. Allowed here: {id}"),
        ("messages: {sucess: x}", "there is no setting messages.sucess. Did you mean success?"),
        ("messages: {failure: 3}", "messages.failure must be a valid string"),
    ],
)
def test_a_repository_words_them_otherwise_or_is_told_why_not(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        load_settings(text.encode())
    assert says in str(told.value) and ".github/gitops-healer.yml" in str(told.value)
    own = load_settings(b"messages: {failure: 'Oh no: {reason}'}").messages.view()
    values = {value: REAL[value] for kind in KINDS if kind.name == "failure" for value in kind.values}
    assert own.render("failure", **values) == f"Oh no: {REAL['reason']}"
    assert own.templates["success"] == DEFAULTS.templates["success"]


@given(st.text(), st.text())
def test_values_are_put_in_once_and_as_they_are(reason: str, retry: str) -> None:
    messages = Messages({"failure": "{{reason}}|{reason}|{retry}|{{"})
    said = messages.render("failure", id="", codename="", title="", reason=reason, retry=retry)
    assert said == f"{{reason}}|{reason}|{retry}|{{".strip()


@pytest.mark.parametrize("values", [{"reason": "x"}, {"phase": "x", "id": "", "codename": "", "title": "", "more": ""}])
def test_a_value_that_is_forgotten_or_unknown_is_a_bug(values: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        DEFAULTS.render("working", **values)
