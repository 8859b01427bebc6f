from __future__ import annotations

from dataclasses import dataclass, field


class AddressError(ValueError):
    pass


@dataclass
class Message:
    to: list[str]
    subject: str
    body: str = ""
    urgent: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def normal_address(text: str) -> str:
    """`Ada Byron <Ada@Example.ORG>` or the address alone, as `Ada@example.org`: the domain in lower case."""
    text = text.strip()
    if text.endswith(">") and "<" in text:
        text = text[text.index("<") + 1 : -1].strip()
    name, sign, domain = text.rpartition("@")
    if not sign or not name or not domain:
        raise AddressError(text)
    return f"{name}@{domain.lower()}"


def by_domain(addresses: list[str]) -> dict[str, list[str]]:
    """Addresses in normal form by their domain, without repetitions, in the order in which they come."""
    groups: dict[str, list[str]] = {}
    for address in addresses:
        address = normal_address(address)
        domain = address.rpartition("@")[2]
        group = groups.setdefault(domain, [])
        if address not in group:
            group.append(address)
    return groups


def fold(text: str, width: int = 40) -> list[str]:
    """Words in lines of at most `width` letters; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines
