"""gitops_healer: a git-native bot that heals Python repositories."""

__version__ = "0.1.0"
