"""What a docstring says of the failing case: a value, an error, that the item is left out - or nothing."""

import re
from collections.abc import Iterator

from gitops_healer.repair.callers import covers
from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.remedy import SEPARATORS, Kind, Remedy, raises, returns, substitutes

# A trait is recognised by how people write of it.
_SPOKEN = {
    "zero": ("zero", r"0(?:\.0)?"),
    "empty": ("empty", r"no \w+", "nothing", "without", "blank", "none given", "zero[- ]length"),
    "none": (
        "none", "null", "missing", "absent", "not (?:given|set|found|known|there|available)", "unset", "omitted",
        "left out", "no match", "unknown", "has no", "not match",
        r"(?:does not|do(?:es)?n't) (?:match|exist|have)",
    ),
    "missing": (
        "missing", "absent", "unknown", "nothing", "no (?:such|entry|entries|match|default|value for)", "unset",
        "not (?:found|in|there|present|known|set|given|listed|available|registered)", "undefined", "unlisted",
        "unregistered", "not exist", "isn't", "has no", "have no", "n[o']t (?:have|exist)",
    ),
    "range": (
        "out of (?:range|bounds)", "too (?:short|few|large|big|long|small)", "past", "beyond", "few", "fewer",
        "not enough", "less than", r"exceeds?", "no such", "not exist", "missing", "outside", "shorter",
    ),
    "invalid": (
        "invalid", "malformed", "bad", "un(?:parsable|parseable|readable|usable)", "cannot", "can't", "could not",
        "not (?:an? |be )?(?:number|numeric|integer|valid|date|parse|parsed|digits?|a)", "non-numeric", "wrong",
        "illegal", "garbage", "broken", "fails?", "junk", "nonsense", "corrupt(?:ed)?",
    ),
    "negative": ("negative", "below zero"),
}  # fmt: skip
_GOOD = r"(?:found|present|known|valid|any|possible|available|set|given|exist|match|there|readable|numeric|listed)"
_MARK = r"[`'\"*]{0,2}"
_VALUE = (
    r"(?P<value>None|True|False|-?\d+(?:\.\d+)?|\"[^\"]*\"|'[^']*'|\[\]|\{\}|\(\)|zero|nothing|minus one"
    r"|(?:an |the )?empty (?:list|string|str|dict(?:ionary)?|tuple|set|mapping|text))"
)
_QUOTED = rf"(?:``?)?\*{{0,2}}{_VALUE}(?![\w.]\w)\*{{0,2}}(?:``?)?(?: instead)?"
_WHEN = r"(?:if|when|whenever|for|on|in case of|in case|where|unless|given)"
_GIVES = r"(?:returns?|gives?|yields?|is|results? in|produces?|evaluates? to|returned is|maps? to|has|score[sd]?)"
_COUNTS = r"(?:counts? as|(?:is|are|be) (?:treated|taken|read|counted|regarded|handled) as|defaults? to|falls? back to)"
_ERROR = r"(?P<error>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning|NotFound|Invalid|Missing|DivisionByZero))"
_SKIPS = (
    r"\b(?:skip(?:s|ped|ping)?|ignor(?:e|es|ed|ing)|le(?:ft|aves?|aving) out|drop(?:s|ped|ping)?|omit(?:s|ted|ting)?)\b"
)
_WORDS = {"zero": "0", "minus one": "-1", "nothing": "None"}
_EMPTIES = {
    "list": "[]", "string": '""', "str": '""', "text": '""', "dict": "{}", "dictionary": "{}", "mapping": "{}",
    "tuple": "()", "set": "set()",
}  # fmt: skip

_VALUE_THEN_CASE = re.compile(
    rf"(?P<lead>{_GIVES}|{_COUNTS}|or|else|,)?\s*:?\s*{_QUOTED}[,\s]*\(?{_WHEN}\b(?P<case>.*)", re.I
)
_THEN_VALUE = re.compile(rf"\b(?P<lead>{_GIVES}|{_COUNTS})\s+{_QUOTED}", re.I)
_OTHERWISE = re.compile(
    rf"(?P<case>.*)\b(?:or|else|and|,|otherwise)\s*:?\s*{_QUOTED}(?:\s+otherwise|\s+if not|\s*$)", re.I
)
_RAISES = re.compile(
    rf"(?P<lead>.*?)\b(?:raises?|throws?|raised|raising|exc)\b[^A-Za-z_]*(?:an? )?{_MARK}{_ERROR}(?P<case>.*)",
    re.I,
)
_SECTION = re.compile(rf"^\s*{_ERROR}\s*(?::|$)(?P<case>.*)")
_DEFAULTS_TO = re.compile(
    rf"(?P<case>.*?)\b(?:defaults? to|defaults?:?|default is|default value(?: is)?:?)\s+{_QUOTED}", re.I
)
_NEVER = re.compile(r"\b(?:never|not|instead of|without|rather than|no longer|n't)\s*$", re.I)


def read_docstring(circumstance: Circumstance) -> Iterator[Evidence]:
    """Evidence in the function's docstring: sentences whose condition is the failing case."""
    for claim in _claims(circumstance.site.docstring):
        for remedy in _remedies(claim, circumstance):
            reason = f"the docstring says: “{claim}”"
            yield Evidence(remedy, Weight.CLEAR, "docstring", reason, general=_speaks_of(claim, circumstance.nature))


def _claims(docstring: str) -> Iterator[str]:
    """Sentences, one line each. Items of a Raises section are written out as sentences."""
    paragraphs = re.split(r"\n\s*\n", docstring)
    raising = False
    for paragraph in paragraphs:
        lines = paragraph.splitlines()
        joined: list[str] = []
        for line in lines:
            heading = re.fullmatch(r"\s*(\w+)\s*:?\s*", line)
            if heading and heading[1] in (
                "Raises",
                "Returns",
                "Args",
                "Arguments",
                "Parameters",
                "Yields",
                "Notes",
                "Examples",
            ):
                raising = heading[1] == "Raises"
                joined.append("\0")
            elif re.fullmatch(r"\s*-{3,}\s*", line):
                continue
            elif raising and (item := _SECTION.match(line)):
                joined.append(f"\0Raises {item['error']} {item['case'].strip()}")
            elif re.match(r"\s*(?::\w+|[-*] |\w+ ?(?:\([^)]*\))?: |>>>)", line):
                joined.append(f"\0{line.strip()}")
            else:
                joined.append(line.strip())
        for piece in " ".join(joined).split("\0"):
            yield from (" ".join(part.split()) for part in _sentences(piece) if part.strip())


def _sentences(text: str) -> list[str]:
    return [part.strip(" .") for part in re.split(r"(?<=[a-z\)`\]\}'\"0-9])[.;](?=\s|$)", text)]


def _remedies(claim: str, circumstance: Circumstance) -> Iterator[Remedy]:
    if claim.startswith(">>>"):
        return
    raised = _RAISES.search(claim)
    if raised and not _NEVER.search(claim[: raised.start("error")].rpartition("rais")[0]):
        error, case = raised["error"].rpartition(".")[2], raised["case"] or raised["lead"]
        promised = covers(error, circumstance.site.error) and not _about_another(case, circumstance)
        if promised or _about(case, circumstance):
            yield raises(error)
        return
    value = _value_claim(claim, circumstance)
    if value is not None:
        yield value
    elif re.search(_SKIPS, claim, re.I) and _about(claim, circumstance):
        yield Remedy(Kind.SKIP)
    for mark in dict.fromkeys(mark for fault in circumstance.faults for mark, _ in fault.adapt):
        named = SEPARATORS[mark] in claim.lower() or (mark == "," and "thousand" in claim.lower())
        if named and circumstance.failing and all(mark in text for text in _texts(circumstance)):
            yield Remedy(Kind.ADAPT, mark)


def _texts(circumstance: Circumstance) -> list[str]:
    return [args + kwargs.removeprefix("{}") for args, kwargs in circumstance.failing]


def _value_claim(claim: str, circumstance: Circumstance) -> Remedy | None:
    default = _DEFAULTS_TO.search(claim)
    if default and _words(default["case"]) & circumstance.keys:
        return substitutes(_source_of(default["value"]))
    cases = [(match["case"], match) for match in _VALUE_THEN_CASE.finditer(claim)]
    cases += [(claim[: match.start()], match) for match in _THEN_VALUE.finditer(claim)]
    for case, match in cases:
        if _about(case, circumstance) and not _conditional_on_good(case):
            return _remedy(match["value"], match["lead"] or "")
    otherwise = _OTHERWISE.search(claim)
    good = otherwise and re.search(rf"\b(?:if|when|where)\b.*\b{_GOOD}", otherwise["case"], re.I)
    if otherwise and good and circumstance.traits - {"zero"}:
        return _remedy(otherwise["value"], "")
    return None


def _conditional_on_good(case: str) -> bool:
    """`if it is found`: the opposite of the failing case."""
    return bool(re.search(rf"\b(?:is|are|was)\s+{_GOOD}\b", case, re.I))


def _remedy(value: str, lead: str) -> Remedy:
    text = _source_of(value)
    goes_on = re.fullmatch(_COUNTS, lead.strip(), re.I) is not None
    return substitutes(text) if goes_on else returns(text)


def _source_of(value: str) -> str:
    """Python source of a value in words."""
    low = value.lower()
    if "empty " in low:
        return _EMPTIES[low.rpartition(" ")[2]]
    if value.startswith("'"):
        return '"' + value[1:-1] + '"'
    return _WORDS.get(low, value)


def _about(case: str, circumstance: Circumstance) -> bool:
    """Whether a condition speaks of the failing case, and not of a parameter that has no part in it."""
    if _names_another(case, circumstance):
        return False
    return _speaks_of(case, circumstance.traits) or _lacks(case, circumstance)


def _names_another(case: str, circumstance: Circumstance) -> bool:
    named = _words(case) & set(circumstance.site.parameters)
    return bool(named) and not named & circumstance.names


def _about_another(case: str, circumstance: Circumstance) -> bool:
    """Whether a condition clearly is not the failing case: of another parameter, or of something else that is odd."""
    others = frozenset(_SPOKEN) - circumstance.traits
    elsewhere = _speaks_of(case, others) and not _speaks_of(case, circumstance.traits)
    return _names_another(case, circumstance) or (elsewhere and not _lacks(case, circumstance))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _lacks(case: str, circumstance: Circumstance) -> bool:
    """`no clicks` where clicks are zero, `no price` where the key is price; `no lines` is not about their prices."""
    lacking = {word.lower() for word in re.findall(r"\b(?:no|without(?: an?)?|lacks?(?: an?)?) (\w+)", case, re.I)}
    odd = circumstance.keys | (circumstance.culprits.odd.keys() if circumstance.whole else circumstance.names)
    return any(name.lower() in lacking or f"{name.lower()}s" in lacking for name in odd)


def _speaks_of(text: str, traits: frozenset[str]) -> bool:
    phrases = (phrase for trait in sorted(traits & _SPOKEN.keys()) for phrase in _SPOKEN[trait])
    return any(re.search(rf"(?<!\w){phrase}(?!\w)", text, re.I) for phrase in phrases)
