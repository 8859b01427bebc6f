"""The code of commits beside that of the scene."""

from gitops_healer.code.model import CodeModel
from gitops_healer.registry import Scene


def model_at(scene: Scene, commit: str) -> CodeModel:
    """As the scene would see it if it were at that commit."""
    if commit == scene.commit:
        return scene.code
    repository = scene.repository
    return CodeModel(repository.files(commit), repository.read_blob, scene.cache, scene.settings.detection.exclude)
