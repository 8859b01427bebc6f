"""Made-up values where secrets were left out."""

import json
from random import Random

import pytest

from gitops_healer.proof.filling import filled
from gitops_healer.recorder.redaction import redacted


def test_each_mark_gets_something_of_its_kind_and_all_else_stays() -> None:
    people = [{"name": "Ada", "phone": "[redacted]"}, {"name": "Bo"}, {"mail": "to [redacted:email]!", "n": 3}]
    kwargs = {"pin": "[redacted]", "key": {"$type": "tuple", "value": ["[redacted]", 1]}}
    given = filled((json.dumps([people]), json.dumps(kwargs)), Random(0))
    assert given is not None
    assert "[redacted" not in "".join(given)
    [[ada, bo, mail]], named = json.loads(given[0]), json.loads(given[1])
    assert ada.keys() == {"name", "phone"}
    assert any(letter.isdigit() for letter in ada["phone"])
    assert (ada["name"], bo, mail["n"]) == ("Ada", {"name": "Bo"}, 3)
    assert mail["mail"].startswith("to ")
    assert redacted(mail["mail"]) == "to [redacted:email]!"
    assert named["pin"].isdigit()
    assert named["key"]["value"][1] == 1


@pytest.mark.parametrize("kind", ["email", "card", "iban", "ssn", "authorization"])
def test_what_is_made_up_would_be_left_out_again(kind: str) -> None:
    for seed in range(20):
        given = filled((json.dumps([f"[redacted:{kind}]"]), "{}"), Random(seed))
        assert given is not None
        assert redacted(json.loads(given[0])[0]) == f"[redacted:{kind}]"


@pytest.mark.parametrize(
    "args", ["[1]", "no JSON [redacted]", '{"a":"[redacted]"}', f'{"[" * 5000}"[redacted]"{"]" * 5000}']
)
def test_what_cannot_be_filled_is_none(args: str) -> None:
    assert filled((args, "{}"), Random(0)) is None
