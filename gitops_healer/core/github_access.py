"""What a token may do at GitHub, and what follows from it. Pure: what was probed in, Decision out."""

from enum import Enum


class TokenKind(Enum):
    """Whose token it is: a GitHub App's installation, a person's, or that of a job of GitHub Actions."""

    APP = "app"
    PAT = "pat"
    ACTIONS = "actions"

    @property
    def signs(self) -> bool:
        """Whether GitHub signs commits that are made by its API without naming an author: for bots only."""
        return self is not TokenKind.PAT

    @property
    def starts_workflows(self) -> bool:
        """Whether what is done with it starts workflows, such as CI on a pull request."""
        return self is not TokenKind.ACTIONS
