"""Breaks text into lines, and makes short forms of it."""

import re

from gitops_healer.recorder import tool

STOP = {"a", "an", "the", "of", "and", "in", "to"}


def paragraphs(text):
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def fill(words, width):
    """Lines of at most `width`; a longer word has a line of its own."""
    lines, current = [], ""
    for word in words:
        if not current:
            current = word
        elif len(current) + 1 + len(word) <= width:
            current = f"{current} {word}"
        else:
            lines.append(current)
            current = word
    if current:
        lines.append(current)
    return lines


def key_words(text, most):
    counts = {}
    for word in re.findall(r"[a-z']+", text.lower()):
        if word not in STOP and len(word) > 2:
            counts[word] = counts.get(word, 0) + 1
    return sorted(counts, key=lambda word: (-counts[word], word))[:most]


@tool
def layout(text, width=40, indent=""):
    """Lines, how many there are, the fullest, and what it is about."""
    lines = []
    for number, part in enumerate(paragraphs(text)):
        if number:
            lines.append("")
        lines.extend(indent + line for line in fill(part.split(), width - len(indent)))
    title = text.split()[0].strip(".,").capitalize()
    return {
        "title": title,
        "lines": lines,
        "fullest": max(map(len, lines)),
        "about": key_words(text, 3),
        "gaps": lines.count(""),
    }
