"""A disk that loses its power: SQLite's way to it, and what is left of what was not synced.

Everything is in memory. What was written is seen at once by who reads, as it is with a system's cache, and is on the
disk when it was synced. When the power fails, of each write that was not synced some sectors are there and others are
not, whatever their order was.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import apsw

SECTOR = 512


class DiskFile:
    """One file: as it is seen, and as it is on the disk."""

    def __init__(self, content: bytes = b"") -> None:
        self.seen = bytearray(content)
        self._synced = bytearray(content)
        self._is_named = bool(content)  # whether its name is on the disk, too
        # What was written since the last sync; a number is a size to which it was cut.
        self._writes: list[tuple[int, bytes] | int] = []

    def write(self, data: bytes, offset: int) -> None:
        _put(self.seen, data, offset)
        self._writes.append((offset, data))

    def truncate(self, size: int) -> None:
        del self.seen[size:]
        self._writes.append(size)

    def sync(self) -> None:
        for write in self._writes:
            if isinstance(write, int):
                del self._synced[write:]
            else:
                _put(self._synced, write[1], write[0])
        self._writes.clear()
        self._is_named = True

    def fail_to_sync(self) -> None:
        """What Linux does where the disk says no: what it has in memory it takes for written, and tries no more."""
        self._writes.clear()

    def left(self, chance: random.Random) -> bytes | None:
        """What is on the disk when the power has failed; None where not even the name is."""
        if not self._is_named and chance.random() < 0.5:
            return None
        kept = chance.choice((0.0, 1.0, 0.5, chance.random()))
        is_torn = chance.random() < 0.7
        for write in self._writes:
            if isinstance(write, int):
                if chance.random() < kept:
                    del self._synced[write:]
            else:
                for offset, data in _sectors(*write) if is_torn else (write,):
                    if chance.random() < kept:
                        _put(self._synced, data, offset)
        return bytes(self._synced)


class Disk:
    """Files, and when it ends with them.

    Args:
        chance: says what is left of them.
    """

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.files: dict[str, DiskFile] = {}
        self.operations = 0
        self.lose_power_at: int | None = None
        """The operation, counted from 1, at which the power fails. It is not done."""
        self.syncs = 0
        self.fail_sync_at: int | None = None
        """The sync, counted from 1, that fails."""

    def operate(self, code: int) -> None:
        """Something is to be written, made durable, or deleted.

        Args:
            code: SQLite's, of what fails where there is no power.
        """
        self.operations += 1
        if self.lose_power_at is not None and self.operations >= self.lose_power_at:
            raise _io_error(code)

    def after_power_loss(self) -> Disk:
        """The disk as it is when the power is back."""
        disk = Disk(self.chance)
        for name, file in self.files.items():
            if (content := file.left(self.chance)) is not None:
                disk.files[name] = DiskFile(content)
        return disk

    def after_restart(self) -> Disk:
        """The disk as another process sees it, while the system runs on."""
        disk = Disk(self.chance)
        disk.files = self.files
        return disk


class DiskVFS(apsw.VFS):
    """SQLite's way to whichever disk is in. Has no shared memory: files are to be opened as ``exclusive``.

    Args:
        name: by which SQLite is told to take it.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name, "")
        self.name = name
        self.disk = Disk(random.Random(0))

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        assert path is not None, "temporary files are to be in memory"
        flags[1] = flags[0]
        # It has all of what apsw asks for.
        return _OpenFile(self.disk, self.disk.files.setdefault(path, DiskFile()))  # type: ignore[return-value]

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.disk.operate(apsw.SQLITE_IOERR_DELETE)
        if self.disk.files.pop(filename, None) is None:
            raise apsw.IOError(f"{filename} is not there")

    def xAccess(self, pathname: str, flags: int) -> bool:
        return pathname in self.disk.files

    def xFullPathname(self, name: str) -> str:
        return name


class _OpenFile:
    """One opening of a file, as apsw calls it."""

    def __init__(self, disk: Disk, file: DiskFile) -> None:
        self._disk = disk
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.seen[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.operate(apsw.SQLITE_IOERR_WRITE)
        self._file.write(bytes(data), offset)

    def xTruncate(self, size: int) -> None:
        self._disk.operate(apsw.SQLITE_IOERR_TRUNCATE)
        self._file.truncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.operate(apsw.SQLITE_IOERR_FSYNC)
        self._disk.syncs += 1
        if self._disk.syncs == self._disk.fail_sync_at:
            self._file.fail_to_sync()
            raise _io_error(apsw.SQLITE_IOERR_FSYNC)
        self._file.sync()

    def xFileSize(self) -> int:
        return len(self._file.seen)

    def xLock(self, level: int) -> None:
        pass

    def xUnlock(self, level: int) -> None:
        pass

    def xCheckReservedLock(self) -> bool:
        return False

    def xFileControl(self, op: int, pointer: int) -> bool:
        return False

    def xSectorSize(self) -> int:
        return SECTOR

    def xDeviceCharacteristics(self) -> int:
        # As SQLite takes any disk to be: a write harms nothing beside it.
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:
        pass


def _io_error(code: int) -> apsw.IOError:
    error = apsw.IOError("the disk said no")
    error.extendedresult = code  # type: ignore[attr-defined]
    return error


def _put(content: bytearray, data: bytes, offset: int) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start < len(data):
        end = start + SECTOR - (offset + start) % SECTOR
        yield offset + start, data[start:end]
        start = end
