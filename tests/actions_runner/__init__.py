"""Workflows run as GitHub's runner runs them, on this machine and without containers.

The rules are those of the runner's source (github.com/actions/runner, MIT); expressions are calibrated against
@actions/expressions, GitHub's own evaluator (`expressions.json`).
"""
