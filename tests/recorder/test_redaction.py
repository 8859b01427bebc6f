"""Secrets and personal data do not leave the process; what only looks like them does."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_healer.recorder import configure, tool
from gitops_healer.recorder.recording import RECORDING
from gitops_healer.recorder.redaction import is_secret_name, redacted
from tests.recorder.conftest import Program, Recorded

BODY = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
SECRETS = {
    "card": "4111 1111 1111 1111",
    "card without spaces": "5500005555555559",
    "american express": "3782-822463-10005",
    "iban": "DE89 3704 0044 0532 0130 00",
    "iban without spaces": "GB82WEST12345698765432",
    "social security number": "123-45-6789",
    "email": "jane.roe+x@mail.example.org",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "bearer": f"Bearer {BODY}",
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "github": "ghp_" + BODY,
    "github fine-grained": "github_pat_" + BODY,
    "slack": "xoxb-" + "123456789012-abcdefghij",
    "openai": "sk-" + BODY,
    "google": "AIza" + BODY[:35],
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "phone": "+49 30 901820",
}
HARMLESS = [
    "4111 1111 1111 1112",
    "1234567890123456",
    "0000000000000000",
    "DE89 3704 0044 0532 0130 01",
    "2024-01-05T10:07:00.123456Z",
    "192.168.100.200",
    "550e8400-e29b-41d4-a716-446655440000",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "sk-learn",
    "task-force",
    "user@localhost",
    "-1.2345678901234567e-10",
    "3.14159265358979",
    "978-3-16-148410-0",
    "000-12-3456",
    "a + b = 12",
    "Basic English",
    "1 + 1234",
    "def average(ratings): return sum(ratings) / len(ratings)",
]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("frame", ["{}", "before {} after", "({})", "key={};"])
def test_a_secret_is_taken_out_of_its_text(secret: str, frame: str) -> None:
    shown = redacted(frame.format(secret))
    assert "[redacted:" in shown
    assert secret not in shown
    assert secret[8:] not in shown
    before, after = frame.split("{}")
    assert shown.startswith(before) and shown.endswith(after)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert redacted(text) is text


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "user_passwd", "token", "access_token", "authToken", "secret", "client_secret", "api_key",
     "apiKey", "Authorization", "Cookie", "set-cookie", "private_key", "credentials", "sessionId", "cvv", "card_number",
     "email", "phone_number", "ssn"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    "max_tokens total_tokens tokens token_count tokenizer spinning author keyboard compass passenger".split(),
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


@tool
def sign_in(user: str, password: str = "", **more: object) -> dict[str, object]:
    if user == "wrong":
        raise PermissionError(f"{more['hint']} is not known")
    return {"user": user, "session_id": "abc123", "more": more}


HIDDEN = "hunter2-unseen"


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        (("u", HIDDEN), {}),
        (("u",), {"password": HIDDEN}),
        (("u",), {"headers": {"Authorization": HIDDEN}}),
        (("u",), {"deep": [{"a": ({"api_key": [HIDDEN, {"x": HIDDEN}]},)}]}),
        (("u",), {"pairs": {1: "x", "secret": HIDDEN.encode()}}),
        (("u",), {"note": f"mail {HIDDEN}@mail.example.org"}),
        (("u",), {f"{HIDDEN}@mail.example.org": 1}),
        (("u",), {"body": f"Bearer {HIDDEN}".encode()}),
        (("wrong",), {"hint": f"{HIDDEN}@mail.example.org"}),
    ],
)
def test_no_line_holds_what_was_hidden(recorded: Recorded, args: tuple[str, ...], kwargs: dict[str, object]) -> None:
    try:
        sign_in(*args, **kwargs)
    except PermissionError:
        assert args == ("wrong",)
    (event,) = recorded.events("sign_in")
    assert event["unreplayable"] == "redacted"
    assert "hunter2" not in recorded.text() and "abc123" not in recorded.text()


BEFORE = ["line\n", "line\r\n", "\t", "\u2028", 'quoted "', "C:\\", "\u00e9 ", "\U0001f600"]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_no_escape_of_json_hides_a_secret(recorded: Recorded, secret: str) -> None:
    @tool
    def repeat(text: str, *, fail: bool = False) -> str:
        if fail:
            raise ValueError(text)
        return text.split("!")[-1]

    for before in BEFORE:
        assert repeat(f"{before}{secret}!shown") == "shown"
        assert repeat(f"!{before}{secret}") == f"{before}{secret}"
        with pytest.raises(ValueError, match="shown"):
            repeat(f"shown {before}{secret}", fail=True)
    events = recorded.events("repeat")
    assert len(events) == 3 * len(BEFORE)
    for event, (before, kind) in zip(events, [(before, kind) for before in BEFORE for kind in range(3)], strict=True):
        parts = (event["args"], event.get("result"), event.get("error", {}).get("message"))
        told = json.dumps(parts, ensure_ascii=False).replace("\\n", "\n")
        assert secret not in told and secret[8:] not in told
        assert event["args"][0].startswith(("", "!", "shown ")[kind] + before + "[redacted:")
        assert kind == 2 or event["result"].startswith(("shown", f"{before}[redacted:")[kind])


def test_what_a_call_changed_is_redacted_as_it_was_before(recorded: Recorded) -> None:
    @tool
    def take_out(items: list[str], kept: dict[str, int]) -> str:
        kept["late"] = 1
        return items.pop()

    assert take_out(["a", SECRETS["aws"]], {"early": 0}) == SECRETS["aws"]
    (event,) = recorded.events("take_out")
    assert event["args"] == [["a", "[redacted:aws-key]"], {"early": 0}]
    assert event["result"] == "[redacted:aws-key]"


def test_a_hook_of_the_program_is_asked_as_well(program: Program, spooled: Recorded) -> None:
    program(
        "@recorder.tool\ndef look(text):\n    return text\nlook('patient 4711, a@mail.example.org')\n",
        options=", sample=1.0, redact=lambda text: text.replace('4711', '####')",
    )
    (event,) = spooled.events("look")
    assert (event["args"] == event["result"] and event["args"] != []) or event["args"] == [event["result"]]
    assert "4711" not in spooled.text() and "mail.example" not in spooled.text() and "####" in spooled.text()


@settings(max_examples=150, deadline=None)
@given(before=st.text(max_size=30), after=st.text(max_size=30), secret=st.sampled_from(sorted(SECRETS.values())))
def test_redacting_twice_changes_nothing_more(before: str, after: str, secret: str) -> None:
    once = redacted(f"{before} {secret} {after}")
    assert redacted(once) == once


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz \n.,;()", max_size=300))
def test_plain_words_stay_the_same_object(text: str) -> None:
    assert redacted(text) is text


def test_the_recorder_of_these_tests_works() -> None:
    assert RECORDING.statistics.errors == 0
    configure(enabled=False)
