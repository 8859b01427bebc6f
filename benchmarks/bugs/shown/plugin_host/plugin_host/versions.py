import re


def parse_version(text: str) -> tuple[int, ...]:
    """`1.10.0` as numbers that compare rightly; zeros at the end do not count."""
    if not re.fullmatch(r"\d+(\.\d+)*", text):
        raise ValueError(f"not a version: {text!r}")
    numbers = [int(part) for part in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def satisfies(version: str, requirement: str) -> bool:
    """Whether a version meets `>=1.2`, `<2`, `==1.5` or several of them with commas between."""
    for part in requirement.split(","):
        part = part.strip()
        if part.startswith(">="):
            fits = parse_version(version) >= parse_version(part[2:])
        elif part.startswith("=="):
            fits = parse_version(version) == parse_version(part[2:])
        elif part.startswith("<"):
            fits = parse_version(version) < parse_version(part[1:])
        else:
            raise ValueError(f"not a requirement: {part!r}")
        if not fits:
            return False
    return True
