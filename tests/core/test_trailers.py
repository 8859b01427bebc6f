"""Trailers survive every way in which a message travels, and quotes are no trailers."""

from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.core.trailers import Trailers

OURS = Trailers("up-0123456789", "calm-otter", "f" * 40, "low", "run-1")
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda text: " ".join(text.split()))


def test_one_line_each_in_a_fixed_order() -> None:
    assert OURS.render().splitlines() == [
        "Healer-Upgrade: up-0123456789", "Healer-Codename: calm-otter", f"Healer-Finding: {'f' * 40}",
        "Healer-Risk: low", "Healer-Run: run-1",
    ]  # fmt: skip
    assert Trailers("up-1", reverts="c" * 40).render() == f"Healer-Upgrade: up-1\nHealer-Reverts: {'c' * 40}"


@given(VALUES.filter(bool), VALUES, VALUES, VALUES, VALUES, VALUES, st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_rendered_is_parsed_below_any_body(
    upgrade: str, codename: str, finding: str, risk: str, run: str, reverts: str, body: str
) -> None:
    trailers = Trailers(upgrade, codename, finding, risk, run, reverts)
    parsed = Trailers.parse(f"Subject\n\n{body}\n\nend of body\n\n{trailers.render()}\n")
    assert parsed == trailers


@given(st.text())
def test_no_message_is_too_strange(message: str) -> None:
    Trailers.parse(message)


def test_forges_put_things_around_them() -> None:
    squashed = f"Fix it (#7)\r\n\r\nBecause.\r\n\r\n{OURS.render()}\r\n\r\n---------\r\n\r\nCo-authored-by: A <a@b>\r\n"
    assert Trailers.parse(squashed.replace("\n", "\r\n").replace("\r\r", "\r")) == OURS
    assert Trailers.parse(f"Fix\n\n{OURS.render()}\nSigned-off-by: B <b@c>\n") == OURS


def test_quotes_and_prose_are_no_trailers() -> None:
    assert Trailers.parse(f"Talk about it\n\n{OURS.render()}\n\nThat was the old one.") is None
    assert Trailers.parse("Fix\n\nWe saw Healer-Upgrade: up-1 fail") is None
    assert Trailers.parse("Fix\n\n> Healer-Upgrade: up-1\n> Healer-Run: x") is None
    assert Trailers.parse("Fix\n\nHealer-Codename: calm-otter") is None
    assert Trailers.parse("") is None


def test_the_last_of_a_repeated_key_counts() -> None:
    assert Trailers.parse(f"Fix\n\nHealer-Upgrade: up-evil\n\n{OURS.render()}") == OURS
    assert Trailers.parse("Fix\n\nHealer-Upgrade: up-1\nHealer-Upgrade: up-2") == Trailers("up-2")


def test_a_value_cannot_bring_a_line_of_its_own() -> None:
    rendered = Trailers("up-1", "name\nHealer-Upgrade: up-evil").render()
    assert Trailers.parse(f"Fix\n\n{rendered}") == Trailers("up-1", "name Healer-Upgrade: up-evil")
