"""What a docstring says of the failing case: a value, an error, that the item is left out - or nothing."""

import re
from collections.abc import Iterator

from gitops_healer.repair.evidence import Circumstance, Evidence, Weight
from gitops_healer.repair.remedy import Kind, Remedy, raises, returns, substitutes

# A trait is recognised by how people write of it.
_SPOKEN = {
    "zero": r"\bzero\b|\b0(?:\.0)?\b|\bno \w+",
    "empty": r"\bempty\b|\bno \w+|\bnothing\b|\bwithout\b|\bblank\b|\bnone given\b|\bzero[- ]length\b",
    "none": r"\bnone\b|\bnull\b|\bmissing\b|\babsent\b|\bnot (?:given|set|found|known|there|available)\b|\bunset\b"
    r"|\bomitted\b|\bleft out\b|\bno \w+|\bwithout\b|\bunknown\b|\bdoes not (?:match|exist|have)\b|\bhas no\b"
    r"|\bdo(?:es)?n't (?:match|exist|have)\b|\bnot match",
    "missing": r"\bmissing\b|\babsent\b|\bunknown\b|\bnot (?:found|in|there|present|known|set|given|listed|available)\b"
    r"|\bno such\b|\bno \w+|\bwithout\b|\black|\bunset\b|\bundefined\b|\bnot exist\b|\bisn't\b|\bhas no\b|\bhave no\b"
    r"|\bn[o']t (?:have|exist)\b|\bunlisted\b|\bunregistered\b",
    "range": r"\bout of (?:range|bounds)\b|\btoo (?:short|few|large|big|long|small)\b|\bpast\b|\bbeyond\b|\bfew\b"
    r"|\bnot enough\b|\bfewer\b|\bless than\b|\bexceed|\bno such\b|\bnot exist\b|\bmissing\b|\bno \w+|\boutside\b"
    r"|\bshorter\b",
    "invalid": r"\binvalid\b|\bmalformed\b|\bbad\b|\bun(?:parsable|parseable|readable|usable)\b|\bcannot\b|\bcan't\b"
    r"|\bcould not\b|\bnot (?:an? |be )?(?:number|numeric|integer|valid|date|parse|digit)|\bnon-numeric\b|\bwrong\b"
    r"|\billegal\b|\bgarbage\b|\bbroken\b|\bfails?\b|\bjunk\b|\bnonsense\b|\bnot a\b|\bcorrupt",
    "negative": r"\bnegative\b|\bbelow zero\b",
}
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
_CASE_THEN_VALUE = re.compile(rf"(?P<case>.+?)\b(?P<lead>{_GIVES}|{_COUNTS})\s+{_QUOTED}", re.I)
_OTHERWISE = re.compile(
    rf"(?P<case>.*)\b(?:or|else|and|,|otherwise)\s*:?\s*{_QUOTED}(?:\s+otherwise|\s+if not|\s*$)", re.I
)
_RAISES = re.compile(
    rf"(?P<lead>.*?)\b(?:raises?|throws?|raised|raising|exc)\b[^A-Za-z_]*(?:an? )?{_MARK}{_ERROR}(?P<case>.*)",
    re.I,
)
_SECTION = re.compile(rf"^\s*{_ERROR}\s*(?::|$)(?P<case>.*)")
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
        if _about(raised["case"] or raised["lead"], circumstance):
            yield raises(raised["error"].rpartition(".")[2])
        return
    value = _value_claim(claim, circumstance)
    if value is not None:
        yield value
    elif re.search(_SKIPS, claim, re.I) and _about(claim, circumstance):
        yield Remedy(Kind.SKIP)
    for mark, _ in (pair for fault in circumstance.faults for pair in fault.adapt):
        if all(mark in text for text in _texts(circumstance)) and circumstance.failing:
            yield Remedy(Kind.ADAPT, mark)


def _texts(circumstance: Circumstance) -> list[str]:
    return [args + kwargs.removeprefix("{}") for args, kwargs in circumstance.failing]


def _value_claim(claim: str, circumstance: Circumstance) -> Remedy | None:
    for pattern in (_VALUE_THEN_CASE, _CASE_THEN_VALUE):
        for match in pattern.finditer(claim):
            if _about(match["case"], circumstance) and not _conditional_on_good(match["case"]):
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
    words = set(re.findall(r"[A-Za-z_]\w*", case))
    named = words & set(circumstance.site.parameters)
    involved = circumstance.names
    if named and not named & involved:
        return False
    if _speaks_of(case, circumstance.traits):
        return True
    return bool(words & circumstance.keys) and bool(re.search(r"default", case, re.I))


def _speaks_of(text: str, traits: frozenset[str]) -> bool:
    return any(re.search(_SPOKEN[trait], text, re.I) for trait in sorted(traits & _SPOKEN.keys()))
