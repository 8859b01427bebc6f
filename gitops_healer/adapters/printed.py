"""What was printed before: a file each, the newest few, beside the cache. Losing them costs time, nothing else."""

import contextlib
import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from zlib import crc32

KEPT = 8
PREFIX = "printed-"


class Printed:
    """directory: of ours, inside the git directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, slot: str) -> bytes | None:
        """What was put there, or None when there is nothing or it is damaged."""
        try:
            data = self._file(slot).read_bytes()
        except OSError:
            return None
        return data[4:] if data[:4] == _proof(memoryview(data)[4:]) else None

    def put(self, slot: str, parts: Sequence[bytes]) -> None:
        """Keep the parts, joined, instead of what was there; of all slots only the newest few stay."""
        proof = 0
        for part in parts:
            proof = crc32(part, proof)
        draft = self._directory / f"{PREFIX}{os.getpid()}.draft"
        with contextlib.suppress(OSError):
            with draft.open("wb") as file:
                file.writelines([proof.to_bytes(4, "big"), *parts])
            draft.replace(self._file(slot))
            self._tidy()

    def _file(self, slot: str) -> Path:
        return self._directory / f"{PREFIX}{sha256(slot.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"

    def _tidy(self) -> None:
        found = sorted(self._directory.glob(f"{PREFIX}*"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in found[KEPT:]:
            path.unlink(missing_ok=True)


def _proof(data: memoryview) -> bytes:
    return crc32(data).to_bytes(4, "big")
