"""Words that people hang on things."""

from gitops_healer.recorder import tool

SYNONYMS = {"colour": "color", "grey": "gray", "photos": "photo", "pics": "photo"}


class Bag:
    """Tags of one thing."""

    def __init__(self, name, tags):
        self.name = name
        self.tags = set(tags)

    def likeness(self, other):
        both = self.tags | other.tags
        return len(self.tags & other.tags) / len(both) if both else 0.0


def clean(tag):
    tag = tag.strip().lower().lstrip("#")
    return SYNONYMS.get(tag, tag)


@tool
def related(things, name, least=0.2):
    """Things that share tags with one: by likeness; tags as sets, which have no order."""
    bags = [Bag(thing["name"], {clean(tag) for tag in thing["tags"]}) for thing in things]
    own = next(bag for bag in bags if bag.name == name)
    found = []
    for bag in bags:
        if bag is own:
            continue
        likeness = own.likeness(bag)
        if likeness >= least:
            found.append((bag.name, round(likeness, 3), list(own.tags & bag.tags)))
    found.sort(key=lambda one: (-one[1], one[0]))
    return {"related": found, "bag": own, "all": list(set().union(*(bag.tags for bag in bags)))}


@tool
async def suggest(things, tags, most=3):
    """Tags that often stand beside these; an iterator of (tag, count)."""
    wanted = {clean(tag) for tag in tags}
    counts = {}
    for thing in things:
        has = {clean(tag) for tag in thing["tags"]}
        if wanted & has:
            for tag in has - wanted:
                counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]
