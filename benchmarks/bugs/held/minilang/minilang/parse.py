"""From tokens to a tree of tuples.

("num", 2.0), ("name", "x"), ("neg", tree), ("+", left, right), ("call", name, trees).
"""

from minilang.tokens import MiniError, tokens

COMPARISONS = ("<", ">", "<=", ">=", "=", "<>")


def parse(text: str):
    """The tree of a formula; MiniError if it is not one."""
    parser = Parser(tokens(text))
    tree = parser.comparison()
    if parser.next.kind != "end":
        raise MiniError(f"{parser.next.text!r} at {parser.next.at}")
    return tree


class Parser:
    """Recursive descent: a method for each level of precedence, the loosest first."""

    def __init__(self, found):
        self.found = found
        self.place = 0

    @property
    def next(self):
        return self.found[self.place]

    def take(self, *texts):
        """Goes on and gives the text of the token if it is a sign among `texts`, otherwise gives None."""
        if self.next.kind == "sign" and self.next.text in texts:
            text = self.next.text
            self.place += 1
            return text
        return None

    def need(self, text):
        """The next token must be that sign."""
        if not self.take(text):
            raise MiniError(f"{text!r} expected at {self.next.at}")

    def comparison(self):
        tree = self.total()
        operator = self.take(*COMPARISONS)
        return (operator, tree, self.total()) if operator else tree

    def total(self):
        tree = self.product()
        while operator := self.take("+", "-"):
            tree = (operator, tree, self.product())
        return tree

    def product(self):
        tree = self.signed()
        while operator := self.take("*", "/"):
            tree = (operator, tree, self.signed())
        return tree

    def signed(self):
        if self.take("-"):
            return ("neg", self.signed())
        return self.power()

    def power(self):
        """Powers bind to the right and tighter than the sign: -2^2 is -(2^2), 2^3^2 is 2^(3^2)."""
        tree = self.atom()
        if self.take("^"):
            return ("^", tree, self.signed())
        return tree

    def atom(self):
        """A number, a name, a call or something in brackets."""
        token = self.next
        if self.take("("):
            tree = self.comparison()
            self.need(")")
            return tree
        if token.kind not in ("number", "name"):
            raise MiniError(f"value expected at {token.at}")
        self.place += 1
        if token.kind == "number":
            return ("num", float(token.text))
        if self.take("("):
            return ("call", token.text.lower(), self.arguments())
        return ("name", token.text)

    def arguments(self):
        """What stands between the brackets of a call."""
        trees = []
        if self.take(")"):
            return trees
        trees.append(self.comparison())
        while self.take(","):
            trees.append(self.comparison())
        self.need(")")
        return trees
