"""Asynchronous jobs: retries, time limits, bounded workers, channels."""
