"""A recursive-descent parser: formulas become nested tuples such as ``("+", ("number", 1.0), ("name", "x"))``."""

from formula.tokens import FormulaError, Token, tokenize


class Parser:
    """Reads one expression from a list of tokens.

    Binding, weakest first: ``+ -``, ``* /``, unary minus, ``^`` (which groups to the right).
    """

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.index = 0

    def peek(self) -> str:
        """The text of the next token, "" at the end."""
        if self.index < len(self.tokens):
            return self.tokens[self.index].text
        return ""

    def take(self) -> Token:
        if self.index >= len(self.tokens):
            raise FormulaError("the formula ends too early")
        token = self.tokens[self.index]
        self.index += 1
        return token

    def expect(self, text: str) -> None:
        token = self.take()
        if token.text != text:
            raise FormulaError(f"expected {text!r} at {token.position}, not {token.text!r}")

    def expression(self) -> tuple:
        node = self.term()
        while self.peek() in ("+", "-"):
            operator = self.take().text
            node = (operator, node, self.term())
        return node

    def term(self) -> tuple:
        node = self.factor()
        while self.peek() in ("*", "/"):
            operator = self.take().text
            node = (operator, node, self.factor())
        return node

    def factor(self) -> tuple:
        if self.peek() == "-":
            self.take()
            return ("negate", self.factor())
        return self.power()

    def power(self) -> tuple:
        base = self.atom()
        if self.peek() == "^":
            self.take()
            return ("^", base, self.factor())
        return base

    def atom(self) -> tuple:
        token = self.take()
        if token.kind == "number":
            return ("number", float(token.text))
        if token.kind == "name":
            if self.peek() == "(":
                return ("call", token.text, self.arguments())
            return ("name", token.text)
        if token.text == "(":
            node = self.expression()
            self.expect(")")
            return node
        raise FormulaError(f"unexpected {token.text!r} at {token.position}")

    def arguments(self) -> list[tuple]:
        """The arguments of a call in brackets, at least one."""
        self.expect("(")
        found = [self.expression()]
        while self.peek() == ",":
            self.take()
            found.append(self.expression())
        self.expect(")")
        return found


def parse(text: str) -> tuple:
    """The tree of a formula; FormulaError when it is not one whole expression."""
    parser = Parser(tokenize(text))
    tree = parser.expression()
    if parser.peek():
        raise FormulaError(f"unexpected {parser.peek()!r} after the end")
    return tree
