"""Which repository, and whose token: told by few calls, remembered, and no token in any text."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github import Auth
from hypothesis import given
from hypothesis import strategies as st

from gitops_healer.adapters.cache import MemoryCache
from gitops_healer.adapters.clock import SystemClock
from gitops_healer.adapters.github_client import GitHubClient, Pace, connect
from gitops_healer.adapters.github_credentials import Access, sign_in
from gitops_healer.adapters.github_place import GitHubPlace, find_github, origin_url
from gitops_healer.core.github_probed import TokenKind
from gitops_healer.errors import ForgeError, HealerError, UsageError
from gitops_healer.ports import Cache
from gitops_healer.settings import ForgeVariables, forge_variables
from tests.forge_server import Fault, ForgeServer
from tests.openapi.fixture import Validated, validated  # noqa: F401

SHOP = "octo/shop"
GITHUB = "https://github.com"


def signed_in(said: ForgeVariables, where: GitHubPlace, cache: Cache) -> Access:
    """Without pauses."""

    def client_of(auth: Auth.Auth) -> GitHubClient:
        return connect(where.api_url, auth, cache, SystemClock(), pace=Pace(sleep=lambda _: None))

    return sign_in(said, where, cache, client_of)


@pytest.fixture
def server(tmp_path: Path, validated: Validated) -> Iterator[ForgeServer]:  # noqa: F811
    with ForgeServer(tmp_path / "server") as running:
        validated(running)
        running.create_repository(SHOP)
        yield running


def place(server: ForgeServer) -> GitHubPlace:
    return GitHubPlace(SHOP, server.url, server.api_url)


# Where


@pytest.mark.parametrize(
    ("origin", "name", "server", "api"),
    [
        ("https://github.com/octo/shop.git", SHOP, GITHUB, "https://api.github.com"),
        ("https://github.com/octo/shop", SHOP, GITHUB, "https://api.github.com"),
        ("https://robin:s3cret@github.com/octo/shop.git/", SHOP, GITHUB, "https://api.github.com"),
        ("git@github.com:octo/shop.git", SHOP, GITHUB, "https://api.github.com"),
        ("ssh://git@ssh.github.com:443/octo/shop.git", SHOP, GITHUB, "https://api.github.com"),
        ("ssh://git@ghe.example.org:2222/octo/my.shop", "octo/my.shop", "https://ghe.example.org",
         "https://ghe.example.org/api/v3"),
        ("https://ghe.example.org:8443/octo/shop.git", SHOP, "https://ghe.example.org:8443",
         "https://ghe.example.org:8443/api/v3"),
        ("https://octo.ghe.com/octo/shop.git", SHOP, "https://octo.ghe.com", "https://api.octo.ghe.com"),
        ("http://127.0.0.1:8000/octo/shop.git", SHOP, "http://127.0.0.1:8000", "http://127.0.0.1:8000/api/v3"),
        ("http://[::1]:8000/octo/shop.git", SHOP, "http://[::1]:8000", "http://[::1]:8000/api/v3"),
    ],
)  # fmt: skip
def test_the_origin_says_where(origin: str, name: str, server: str, api: str) -> None:
    assert find_github(ForgeVariables(), origin) == GitHubPlace(name, server, api)


def test_the_environment_says_it_first() -> None:
    origin = "https://github.com/robin/fork.git"
    assert find_github(ForgeVariables(repository=SHOP), origin).clone_url == f"{GITHUB}/octo/shop.git"
    api = ForgeVariables(repository=SHOP, api_url="https://ghe.example.org/api/v3/")
    assert find_github(api, "").server_url == "https://ghe.example.org"
    both = replace(api, server_url="https://web.example.org/")
    assert find_github(both, origin) == GitHubPlace(SHOP, "https://web.example.org", "https://ghe.example.org/api/v3")


@pytest.mark.parametrize(
    ("variables", "origin", "says"),
    [
        ({}, "", "no remote `origin`"),
        ({}, "/srv/shop.git", "no remote `origin`"),
        ({}, "file:///srv/octo/shop.git", "no remote `origin`"),
        ({}, "https://gitlab.example.org/a/group/shop.git", "OWNER/NAME"),
        ({"repository": "shop"}, "", "GITHUB_REPOSITORY must name"),
        ({"repository": "octo/.."}, "", "GITHUB_REPOSITORY must name"),
        ({"repository": "octo/shop?x=1"}, "", "GITHUB_REPOSITORY must name"),
        ({"repository": SHOP, "server_url": "https://u:s3cret@ghe.example.org"}, "", "no user name"),
        ({"repository": SHOP, "server_url": "http://ghe.example.org"}, "", "unencrypted"),
        ({"repository": SHOP, "api_url": "ghe.example.org"}, "", "GITHUB_API_URL must be a URL"),
        ({"repository": SHOP, "api_url": "https://api.github.com/?a=s3cret"}, "", "GITHUB_API_URL"),
        ({}, "http://[oops/octo/shop", "no remote `origin`"),
    ],
)  # fmt: skip
def test_what_says_no_place_is_refused(variables: dict[str, str], origin: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as error:
        find_github(ForgeVariables(**variables), origin)
    assert "u:s3cret" not in str(error.value)


PARTS = st.sampled_from(
    [
        "https://",
        "ssh://",
        "git@",
        "host",
        ".",
        ":",
        "/",
        "//",
        "octo",
        "shop",
        ".git",
        "@",
        "[",
        "?",
        "\n",
        "é",
        "..",
        "0",
    ]
)


@given(st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=40), st.text(max_size=20))
def test_any_remote_gives_a_place_or_says_what_to_do(origin: str, repository: str) -> None:
    for variables in (ForgeVariables(), ForgeVariables(repository=repository), ForgeVariables(server_url=repository)):
        try:
            found = find_github(variables, origin)
        except UsageError as error:
            assert str(error)
            continue
        assert found.clone_url.startswith(("https://", "http://127.", "http://localhost"))
        assert found.clone_url.endswith(f"/{found.name}.git")
        assert not set("@\n ?#") & set(found.clone_url + found.api_url)


def test_the_remote_of_a_clone_and_the_environment_are_read(make_repo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo()
    assert origin_url(repo.path / ".git") == ""
    repo.git("remote", "add", "origin", "git@github.com:octo/shop.git")
    assert origin_url(repo.path / ".git") == "git@github.com:octo/shop.git"
    for name in ("GITOPS_HEALER_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "job\n")
    assert (forge_variables().token, forge_variables().job_token, forge_variables().actions) == ("job", "job", False)
    monkeypatch.setenv("GITOPS_HEALER_TOKEN", "own")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert (forge_variables().token, forge_variables().job_token, forge_variables().actions) == ("own", "job", True)


# Who


def variables(server: ForgeServer, kind: str) -> ForgeVariables:
    server.permit(SHOP, "robin", "write")
    token = server.token(kind, SHOP, "octo-healer" if kind == "app" else "robin")
    return ForgeVariables(token=token, job_token=token if kind == "actions" else "", actions=True)


@pytest.mark.parametrize(
    ("kind", "expected", "login", "signs"),
    [
        ("actions", TokenKind.ACTIONS, "github-actions[bot]", True),
        ("app", TokenKind.APP, "octo-healer[bot]", True),
        ("pat", TokenKind.PAT, "robin", False),
    ],
)
def test_whose_token_it_is_costs_one_question_ever(
    server: ForgeServer, kind: str, expected: TokenKind, login: str, signs: bool
) -> None:
    said, cache = variables(server, kind), MemoryCache()
    access = signed_in(said, place(server), cache)
    account = access.account
    number = server.state.users[login.lower()].id
    assert (account.kind, account.login, account.signs) == (expected, login, signs)
    assert f"{number}+{login}@users.noreply.github.com" in account.emails
    assert account.email == f"{number}+{login}@users.noreply.127.0.0.1"
    assert len(server.exchanges) == 1
    assert signed_in(said, place(server), cache).account == account
    assert len(server.exchanges) == 1
    assert said.token not in "".join(map(str, cache._values.values()))
    assert said.token not in f"{access!r} {said!r} {access.credential()!r}"
    assert access.credential().token == said.token
    assert access.credential().url == f"{server.url}/octo/shop.git"


def test_an_app_signs_in_by_its_key_and_gives_git_its_tokens(server: ForgeServer) -> None:
    app, cache = server.create_app("octo-healer"), MemoryCache()
    said = ForgeVariables(token="ignored", app_id=str(app.id), app_key=app.private_key.replace("\n", "\\n"))
    access = signed_in(said, place(server), cache)
    assert (access.account.kind, access.account.login) == (TokenKind.APP, "octo-healer[bot]")
    assert [exchange.method for exchange in server.exchanges] == ["GET", "POST", "GET"]
    token = access.credential().token
    assert server.state.tokens[token].login == "octo-healer[bot]"
    assert access.credential().token == token, "one token is used until it ends"
    mark = server.mark()
    again = signed_in(said, place(server), cache)
    assert again.account == access.account
    assert server.calls(mark).rest == 1, "a token, and nothing else is asked"
    assert "PRIVATE KEY" not in f"{said!r} {access!r}"


def test_an_app_that_was_installed_anew_is_found_again(server: ForgeServer) -> None:
    app, cache = server.create_app("octo-healer"), MemoryCache()
    said = ForgeVariables(app_id=str(app.id), app_key=app.private_key)
    signed_in(said, place(server), cache)
    app.installation_id += 1000
    assert signed_in(said, place(server), cache).account.login == "octo-healer[bot]"


@pytest.mark.parametrize(
    ("has", "gets"),
    [
        ({"contents": "write", "checks": "write", "administration": "write"}, {"contents": "write", "checks": "read"}),
        ({"contents": "read", "issues": "write"}, {"contents": "read", "issues": "write"}),
    ],
)
def test_a_token_of_an_app_can_do_no_more_than_is_needed(
    server: ForgeServer, has: dict[str, str], gets: dict[str, str]
) -> None:
    app, cache = server.create_app("octo-healer", has), MemoryCache()
    said = ForgeVariables(app_id=str(app.id), app_key=app.private_key)

    def given() -> dict[str, str]:
        return server.state.tokens[signed_in(said, place(server), cache).credential().token].permissions

    assert given() == gets
    app.permissions |= {"statuses": "write"}
    assert given() == gets | {"statuses": "write"}, "what was missing and is given now is noticed at once"
    del app.permissions["contents"]
    assert "contents" not in given()


def test_an_app_that_is_not_installed_there_says_so(server: ForgeServer) -> None:
    app = server.create_app("octo-healer", repositories=frozenset({"octo/other"}))
    with pytest.raises(ForgeError, match="is not installed on octo/shop"):
        signed_in(ForgeVariables(app_id=str(app.id), app_key=app.private_key), place(server), MemoryCache())


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (ForgeVariables(), "GITOPS_HEALER_TOKEN"),
        (ForgeVariables(token="ghp_s3cret\nX: y"), "no token has"),
        (ForgeVariables(token="ghp_s3crét"), "no token has"),
        (ForgeVariables(app_id="7"), "GITOPS_HEALER_APP_KEY is not set"),
        (ForgeVariables(app_key="s3cret"), "GITOPS_HEALER_APP_ID is not set"),
        (ForgeVariables(app_id="7", app_key="-----BEGIN RSA PRIVATE KEY-----\ns3cret\n"), "BEGIN to the last"),
    ],
)
def test_unusable_credentials_are_refused_before_anybody_is_asked(said: ForgeVariables, says: str) -> None:
    with pytest.raises(UsageError, match=says) as error:
        signed_in(said, GitHubPlace(SHOP), MemoryCache())
    assert "s3cr" not in str(error.value)


def test_a_token_that_github_does_not_know(server: ForgeServer) -> None:
    with pytest.raises(ForgeError, match="does not know the token") as error:
        signed_in(ForgeVariables(token="ghp_s3cret"), place(server), MemoryCache())
    assert "s3cret" not in str(error.value)


def test_a_server_that_is_not_there_is_said_and_not_remembered() -> None:
    cache = MemoryCache()
    nowhere = GitHubPlace(SHOP, "http://127.0.0.1:9", "http://127.0.0.1:9/api/v3")
    with pytest.raises(ForgeError, match="cannot be reached"):
        signed_in(ForgeVariables(token="ghp_s3cret"), nowhere, cache)
    assert not cache._values


@pytest.mark.parametrize(("kind", "login"), [("actions", "github-actions[bot]"), ("pat", "robin"), ("app", "")])
def test_without_graphql_a_person_and_the_own_job_are_known_and_no_app_is_mistaken(
    server: ForgeServer, kind: str, login: str
) -> None:
    server.faults.append(Fault("/graphql", status=404, times=9))

    def try_it() -> Access:
        return signed_in(variables(server, kind), place(server), MemoryCache())

    if login:
        assert try_it().account.login == login
        return
    with pytest.raises(HealerError, match="not accessible by integration"):
        try_it()


def test_a_hiccup_is_asked_again(server: ForgeServer) -> None:
    server.faults.append(Fault("/graphql", status=502, times=1))
    assert signed_in(variables(server, "pat"), place(server), MemoryCache()).account.login == "robin"
