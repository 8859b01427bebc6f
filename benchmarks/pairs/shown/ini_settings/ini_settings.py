"""Settings of a program: a text of sections, with defaults."""

from gitops_healer.recorder import tool

TRUE = ("yes", "true", "on", "1")
FALSE = ("no", "false", "off", "0")
DEFAULTS = {"server": {"port": 8080, "host": "localhost", "debug": False}, "log": {"level": "info", "keep": 7}}


class SettingsError(ValueError):
    """Says the line and what is wrong with it."""


def value_of(text):
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    try:
        return int(text)
    except ValueError:
        return text.strip('"')


def parse(text):
    sections = {}
    current = None
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1].strip(), {})
            continue
        key, sign, value = line.partition("=")
        if not sign or current is None:
            raise SettingsError(f"line {number}: {line}")
        current[key.strip()] = value_of(value.strip())
    return sections


@tool
def load(text, overrides=None):
    """The settings that count: defaults, then the text, then overrides by dotted names."""
    settings = {name: dict(values) for name, values in DEFAULTS.items()}
    for name, values in parse(text).items():
        settings.setdefault(name, {}).update(values)
    for dotted, value in (overrides or {}).items():
        name, _, key = dotted.partition(".")
        settings[name][key] = value
    unknown = [name for name in settings if name not in DEFAULTS]
    return {"settings": settings, "unknown": unknown, "changed": settings != DEFAULTS}
