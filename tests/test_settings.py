"""Every wrong setting is an error that names file, key, what is allowed and an example."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.errors import ConfigError
from gitops_healer.settings import format_duration, load_settings, parse_duration


def test_the_defaults_are_whole_and_careful() -> None:
    settings = load_settings()
    assert settings.limits.mode == "propose"
    assert settings.limits.open_pulls == 3
    assert settings.monitoring.window == timedelta(hours=24)
    assert ".github/workflows/**" in settings.risk.protected


def test_a_repository_overrides_single_keys() -> None:
    settings = load_settings(b"limits:\n  mode: observe\nrisk: {max_lines: 7}\n")
    assert (settings.limits.mode, settings.risk.max_lines, settings.limits.open_pulls) == ("observe", 7, 3)


def test_the_command_line_wins() -> None:
    assert load_settings(b"limits: {mode: observe}", {"limits.mode": "deploy"}).limits.mode == "deploy"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"limits:\n  mod: x\n", r"gitops-healer\.yml: there is no setting limits\.mod\. Did you mean mode\?"),
        (b"lmits: {}", r"no setting lmits\. Did you mean limits\?"),
        (b"risk: {max_lines: many}", r"risk\.max_lines must be a valid integer.*not 'many'\. Example: max_lines: 80"),
        (b"risk: {max_lines: 0}", r"risk\.max_lines must be greater than 0"),
        (b"limits: {mode: yolo}", r"limits\.mode must be 'observe', 'propose' or 'deploy', not 'yolo'\. Example: mode"),
        (b"monitoring: {window: soon}", r"monitoring\.window must be a time such as 90s, 5m, 24h or 7d, not 'soon'"),
        (b"a: &x [1]\nb: *x", r"aliases are not allowed"),
        (b"a: 1\na: 2", r"'a' stands twice"),
        (b"limits: 3", r"limits must be"),
        (b"- 1", r"must be a mapping of sections"),
        (b"\xff", r"not UTF-8 \(byte 0\)"),
        (b"a: [", r"is not valid YAML"),
        (b"0:", r"a setting has a name, and .0. is none"),
        (b"limits: {on: 1}", r"a setting has a name, and .limits.True. is none"),
        (b"a: !!python/object/apply:os.system [id]", r"is not valid YAML"),
        (b"x" * 300_000, r"is 300,000 bytes"),
        (b"[" * 50_000, r"is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said(text: bytes, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_settings(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_one_clear_error(text: bytes) -> None:
    try:
        load_settings(text)
    except ConfigError as error:
        assert "gitops-healer.yml" in str(error)


@given(st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)))
def test_durations_survive_writing(duration: timedelta) -> None:
    assert parse_duration(format_duration(duration)) == duration
