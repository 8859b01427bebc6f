"""What repairs are made of: names, constants, calls and expressions that stand elsewhere in the code already.

Most of what a fix needs is somewhere near (the "plastic surgery hypothesis", Barr et al., FSE 2014).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Ingredients:
    """Of one module, nearest first. module_names: names that the module binds (functions, classes, constants, imports);
    arities: callable -> (fewest, most) positional arguments, most -1 when open; attributes: how often each attribute
    is read; constants: source texts of numbers and strings; conditions, calls, statements: source texts as they stand,
    with the qualified name of the function that they come from; words: strings and numbers of the failing tests.
    """

    module_names: tuple[str, ...] = ()
    arities: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    attributes: Mapping[str, int] = field(default_factory=dict)
    constants: tuple[str, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
