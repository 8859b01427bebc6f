"""GraphQL documents. Numbers are written into them, texts are variables.

Source of names: GitHub's public schema. A rollup holds check runs and commit statuses of a commit.
"""

from collections.abc import Iterable

MOST = 100
"""Of one list; where there are more, the REST lists are read."""
PULLS_A_QUERY = 25

_WHO = "{ __typename login }"
_PULL = f"""
fragment Seen on PullRequest {{
  number
  reviews(first: {MOST}) {{
    pageInfo {{ hasNextPage }}
    nodes {{ databaseId state body submittedAt lastEditedAt url author {_WHO} commit {{ oid }} }}
  }}
  timelineItems(first: {MOST}, itemTypes: [REVIEW_DISMISSED_EVENT]) {{
    pageInfo {{ hasNextPage }}
    nodes {{
      ... on ReviewDismissedEvent {{
        createdAt previousReviewState actor {_WHO} review {{ databaseId url commit {{ oid }} }}
      }}
    }}
  }}
  commits(last: 1) {{
    nodes {{
      commit {{
        oid
        statusCheckRollup {{
          contexts(first: {MOST}) {{
            pageInfo {{ hasNextPage }}
            nodes {{
              __typename
              ... on CheckRun {{
                databaseId name status conclusion title detailsUrl checkSuite {{ databaseId app {{ slug }} }}
              }}
              ... on StatusContext {{ context state description targetUrl }}
            }}
          }}
        }}
      }}
    }}
  }}
}}"""
_ISSUE = f"""
fragment Board on Issue {{
  number body state url lastEditedAt author {_WHO}
  userContentEdits(first: {MOST}) {{ nodes {{ editedAt diff editor {_WHO} }} }}
}}"""
_SAID = f"""
fragment Said on PullRequest {{
  number
  comments(last: {MOST}) {{ pageInfo {{ hasPreviousPage }} nodes {{ databaseId body author {_WHO} }} }}
}}"""

MARK_READY = """
mutation($pull: ID!) {
  markPullRequestReadyForReview(input: {pullRequestId: $pull}) { pullRequest { number isDraft } }
}
"""


def seen(pulls: Iterable[int], issue: int = 0) -> str:
    """Reviews and checks of pull requests (`p<number>` each), and an issue (`board`) with who edited it."""
    numbers = tuple(pulls)
    fields = [f"p{number}: pullRequest(number: {number}) {{ ...Seen }}" for number in numbers]
    fields += [f"board: issue(number: {issue}) {{ ...Board }}"] if issue else []
    return _document(fields, (_PULL if numbers else "") + (_ISSUE if issue else ""))


def said(pulls: Iterable[int]) -> str:
    """The newest comments of pull requests (`p<number>` each)."""
    return _document([f"p{number}: pullRequest(number: {number}) {{ ...Said }}" for number in pulls], _SAID)


def _document(fields: Iterable[str], fragments: str) -> str:
    inside = "\n    ".join(fields)
    start = "query($owner: String!, $name: String!) {\n  repository(owner: $owner, name: $name) {\n    "
    return f"{start}{inside}\n  }}\n}}{fragments}\n"
