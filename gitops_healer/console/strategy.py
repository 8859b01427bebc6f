"""`gitops-healer strategy`: which proofs fit a function, and why."""

from gitops_healer.console.common import HERE, As, Format, RepoOption, show, told
from gitops_healer.console.versions import At, Symbol, scene_at
from gitops_healer.places import Choices
from gitops_healer.proof.strategies import strategy_of
from gitops_healer.report import documents
from gitops_healer.report.strategy_text import strategy_document, strategy_text
from gitops_healer.wiring import build_world


def strategy_command(symbol: Symbol, repo: RepoOption = HERE, ref: At = "HEAD", format_: As = Format.text) -> None:
    """Which proofs fit a function (shadow, replay, synthetic, manual), and why the others do not. Runs nothing."""
    with told(format_) as progress:
        report = strategy_of(scene_at(build_world(Choices(repo, progress=progress)), ref), symbol)
    show(format_, {"schema": documents.SCHEMA} | strategy_document(report), strategy_text(report))
