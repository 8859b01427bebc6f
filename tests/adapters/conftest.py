"""Fixtures that several tests of adapters share."""

from tests.adapters.trial_projects import opened, trial_sandbox  # noqa: F401
