from settings_loader.loader import load

__all__ = ["load"]
