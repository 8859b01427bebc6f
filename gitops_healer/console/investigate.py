"""`gitops-healer investigate`: why a function fails or is slow."""

from gitops_healer.console.common import HERE, As, Format, RepoOption, show, told
from gitops_healer.console.versions import At, Symbol, scene_at
from gitops_healer.core.codec import to_json
from gitops_healer.investigation.investigate import investigate
from gitops_healer.places import Choices
from gitops_healer.report import documents
from gitops_healer.report.diagnosis_text import diagnosis_text
from gitops_healer.wiring import build_world


def investigate_command(symbol: Symbol, repo: RepoOption = HERE, ref: At = "HEAD", format_: As = Format.text) -> None:
    """Why a function fails or is slow, since when, and what to do."""
    with told(format_) as progress:
        diagnosis = investigate(scene_at(build_world(Choices(repo, progress=progress)), ref), symbol)
    show(format_, {"schema": documents.SCHEMA} | to_json(diagnosis), diagnosis_text(diagnosis))
