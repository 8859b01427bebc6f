"""Configuration files: sections, keys, comments, continued lines, includes and ${references}."""

import re

REFERENCE = re.compile(r"\$\{([^}]*)\}")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class ConfigError(Exception):
    """Something in a file that makes no sense; the message begins with the number of the line if there is one."""


def logical_lines(text):
    """Pairs (number, line) without comments and blank lines; a backslash at the end joins the next line.

    A comment begins with "#" at the start of a line or after a blank. The number is that of the first of joined lines.
    """
    held, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if not held:
            start = number
        if line.endswith("\\"):
            held += line[:-1].rstrip() + " "
            continue
        line = held + line
        held = ""
        if line:
            yield start, line
    if held.strip():
        yield start, held.strip()


def parse(text):
    """{section: {key: value}}; keys before any section belong to "". All values are text; keys are in lower case."""
    sections = {"": {}}
    current = sections[""]
    for number, line in logical_lines(text):
        if line.startswith("["):
            if not line.endswith("]") or not line[1:-1].strip():
                raise ConfigError(f"{number}: bad section")
            current = sections.setdefault(line[1:-1].strip(), {})
            continue
        key, sign, value = line.partition("=")
        key = key.strip().lower()
        if not sign or not key:
            raise ConfigError(f"{number}: key = value expected")
        if key in current:
            raise ConfigError(f"{number}: {key} is set twice")
        current[key] = unquote(value.strip())
    return sections


def unquote(value):
    """Takes away a pair of equal quotes around the value."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value


def overlay(base, *others):
    """A new configuration in which later ones win, key by key; the ones that come in stay as they are."""
    merged = {section: dict(keys) for section, keys in base.items()}
    for other in others:
        for section, keys in other.items():
            merged.setdefault(section, {}).update(keys)
    return merged


def resolve(config, section, key, seen=()):
    """The value with its references replaced: ${name} is a key of the same section, ${section.name} one of another.

    ConfigError for a reference to nothing or in a circle.
    """
    if (section, key) in seen:
        raise ConfigError(f"{key} refers to itself")
    try:
        value = config[section][key]
    except KeyError:
        raise ConfigError(f"no {key} in [{section}]") from None

    def replaced(match):
        name = match.group(1).strip().lower()
        if "." in name:
            place, name = name.rsplit(".", 1)
        else:
            place = section
        return resolve(config, place, name, (*seen, (section, key)))

    return REFERENCE.sub(replaced, value)


def as_seconds(text):
    """ "90", "90s", "1m 30s" and "1h" as whole seconds."""
    total = 0
    for part in text.split():
        number, unit = (part, "s") if part.isdigit() else (part[:-1], part[-1])
        if unit not in SECONDS or not number.isdigit():
            raise ConfigError(f"no time span: {text!r}")
        total += int(number) * SECONDS[unit]
    return total


def as_list(text, separator=","):
    """Parts without blanks around; empty ones are left out."""
    return [part.strip() for part in text.split(separator) if part.strip()]


def convert(text, like):
    """The text as a value of the type that the default `like` has; what is None or text stays text.

    >>> convert("8080", 80), convert("yes", False), convert("a, b", [])
    (8080, True, ['a', 'b'])
    """
    if isinstance(like, bool):
        if text.lower() in ("yes", "on", "true", "1"):
            return True
        if text.lower() in ("no", "off", "false", "0"):
            return False
        raise ConfigError(f"yes or no expected, not {text!r}")
    if isinstance(like, int | float):
        try:
            return type(like)(text)
        except ValueError:
            raise ConfigError(f"a number expected, not {text!r}") from None
    if isinstance(like, list):
        return as_list(text)
    return text


def load(name, read, seen=None):
    """The configuration of a file and of all that it includes, the including file wins.

    `read(name)` gives a text; the key "include" before any section lists files. Nobody is read twice.
    """
    seen = set() if seen is None else seen
    seen.add(name)
    config = parse(read(name))
    included = {"": {}}
    for other in as_list(config[""].pop("include", "")):
        if other not in seen:
            included = overlay(included, load(other, read, seen))
    return overlay(included, config)


def dump(config):
    """The text of a configuration, keys and sections in order; values that would not survive are quoted."""
    lines = []
    for section in sorted(config):
        if section:
            if lines:
                lines.append("")
            lines.append(f"[{section}]")
        for key, value in sorted(config[section].items()):
            needs_quotes = value != value.strip() or "#" in value or value == ""
            lines.append(f'{key} = "{value}"' if needs_quotes else f"{key} = {value}")
    return "\n".join(lines)
