"""Fixtures that several tests of adapters share."""

import pytest

pytest.register_assert_rewrite("tests.adapters.forge_contract")

from tests.adapters.trial_projects import opened, trial_sandbox  # noqa: E402, F401
