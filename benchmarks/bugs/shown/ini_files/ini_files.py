"""Settings in ini files: sections, comments, continued values, defaults and references."""

import re

DEFAULTS = "defaults"
TRUE_WORDS = {"yes", "true", "on", "1"}
FALSE_WORDS = {"no", "false", "off", "0"}
REFERENCE = re.compile(r"\$\{(?:(\w+):)?(\w+)\}")


class IniError(Exception):
    """The text or a value in it cannot be read."""


class MissingOptionError(LookupError):
    """Neither the section nor the defaults have the option."""


def strip_comment(line: str) -> str:
    """The line without a comment, which begins with "#" or ";" at the start or after a blank; stripped."""
    for position, character in enumerate(line):
        if character in "#;" and (position == 0 or line[position - 1].isspace()):
            return line[:position].strip()
    return line.strip()


def parse(text: str) -> dict[str, dict[str, str]]:
    """Sections with their options; options before the first section are defaults.

    A line that begins with a blank continues the value above it, on a new line. Names are lower-cased.
    """
    sections: dict[str, dict[str, str]] = {DEFAULTS: {}}
    section = DEFAULTS
    option = None
    for number, line in enumerate(text.splitlines(), start=1):
        content = strip_comment(line)
        if not content:
            option = None
        elif line[0].isspace() and option is not None:
            sections[section][option] += "\n" + content
        elif content.startswith("[") and content.endswith("]"):
            section = content[1:-1].strip().lower()
            sections.setdefault(section, {})
            option = None
        elif "=" in content:
            name, value = content.split("=", 1)
            option = name.strip().lower()
            sections[section][option] = value.strip()
        else:
            raise IniError(f"line {number}: neither a section nor an option")
    return sections


class Settings:
    """Sections of options with typed access; what a section lacks comes from the defaults."""

    def __init__(self, sections: dict[str, dict[str, str]] | None = None) -> None:
        self.sections = {DEFAULTS: {}}
        for name, options in (sections or {}).items():
            self.sections[name] = dict(options)

    def get(self, section: str, option: str) -> str:
        """The value as it is written; MissingOptionError when there is none."""
        for place in (section, DEFAULTS):
            if option in self.sections.get(place, {}):
                return self.sections[place][option]
        raise MissingOptionError(f"{section}: {option}")

    def get_bool(self, section: str, option: str) -> bool:
        """Whether the value is one of yes, true, on, 1; IniError unless it is that or one of no, false, off, 0."""
        word = self.get(section, option).lower()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise IniError(f"{section}: {option}: {word} is neither yes nor no")

    def get_list(self, section: str, option: str) -> list[str]:
        """The parts of a value between commas and line ends, without empty ones."""
        parts = re.split(r"[,\n]", self.get(section, option))
        return [part.strip() for part in parts if part.strip()]

    def resolve(self, section: str, option: str, depth: int = 0) -> str:
        """The value with references such as ${home} or ${paths:home} filled in; IniError when they go in circles."""
        if depth > 10:
            raise IniError(f"{section}: {option} refers to itself")

        def fill(match: re.Match[str]) -> str:
            return self.resolve(match[1] or section, match[2], depth + 1)

        return REFERENCE.sub(fill, self.get(section, option))

    def set(self, section: str, option: str, value: str) -> None:
        self.sections.setdefault(section, {})[option.lower()] = value

    def drop(self, section: str, option: str) -> bool:
        """Removes an option, and the section when it is empty then (not the defaults); whether there was something."""
        options = self.sections.get(section, {})
        if option not in options:
            return False
        del options[option]
        if not options and section != DEFAULTS:
            del self.sections[section]
        return True

    def merge(self, other: "Settings") -> "Settings":
        """New settings in which the options of the other ones win."""
        merged = Settings(self.sections)
        for section, options in other.sections.items():
            for option, value in options.items():
                merged.set(section, option, value)
        return merged

    def write(self) -> str:
        """Text that `parse` reads back."""
        blocks = []
        for section, options in self.sections.items():
            lines = [] if section == DEFAULTS else [f"[{section}]"]
            for option, value in options.items():
                continued = value.replace("\n", "\n    ")
                lines.append(f"{option} = {continued}")
            if lines:
                blocks.append("\n".join(lines) + "\n")
        return "\n".join(blocks)
