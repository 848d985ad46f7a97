"""Archives that somebody might send us; made here, since bombs belong into no repository."""

import io
import struct
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.engine.zip_forge import (
    BZIP2,
    ENCRYPTED,
    LZMA,
    STORED,
    UTF8,
    Ending,
    Entry,
    forge,
    quoted_overlap_bomb,
    same_offset_bomb,
    zip64_extra,
)
from tests.jobs.builders import jpeg, zip_of

PHOTO = jpeg()
GOOD = [Entry(name=b"%d.jpg" % n, content=jpeg(n), method=STORED) for n in range(3)]
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row of the table; its number is the first part of its name."""

    make: Callable[[], bytes]
    status: int = 422
    code: str | None = None
    """None where it is accepted."""


def beside_good(**fields: object) -> bytes:
    return forge(*GOOD, replace(Entry(name=b"odd.jpg", content=PHOTO), **fields))  # type: ignore[arg-type]  # fields of Entry


def named(name: bytes) -> bytes:
    return beside_good(name=name, flags=0 if name.isascii() else UTF8)


def twins(first: str, second: str) -> bytes:
    return forge(*GOOD, *(Entry(name=name.encode(), content=PHOTO, flags=UTF8)
                          for name in (first, second)))  # fmt: skip


def tar_gz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("photo.jpg"))
    return file.getvalue()


def classic_bomb() -> bytes:
    """A thousand times the same ten megabytes, each in some ten kilobytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(10 << 20)
    stream = packer.compress(zeros) + packer.flush()
    crc = zlib.crc32(zeros)
    return forge(*(
        Entry(name=b"%d.jpg" % n, content=b"", stream=stream, crc=crc, file_size=10 << 20)
        for n in range(1000)
    ))  # fmt: skip


def nested(depth: int = 3) -> bytes:
    content = zip_of(["a.jpg", "b.jpg", "c.jpg"])
    for _ in range(depth):
        content = zip_of({f"{n}.zip": content for n in range(3)})
    return content


def many_empty() -> bytes:
    return zip_of({f"{n}.jpg": b"" for n in range(70_000)})


def claims_a_million() -> bytes:
    content = bytearray(forge(*GOOD, ending=Ending(is_zip64=True)))
    at = content.rindex(b"PK\x06\x06")
    struct.pack_into("<2Q", content, at + 24, 1_000_000, 1_000_000)
    return bytes(content)


def declares_much() -> bytes:
    """Stored entries of 250 MB each, of which the archive holds none."""
    return forge(*(
        replace(entry, file_size=250 << 20, stream=entry.content,
                compress_size=len(entry.content))
        for entry in GOOD
    ))  # fmt: skip


def lying_zip64() -> bytes:
    """CVE-2025-8291: the locator leads to a record inside a photo."""
    claim = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 10, 0)
    hiding = Entry(name=b"0.jpg", content=claim, method=STORED)
    return forge(hiding, *GOOD[1:], ending=Ending(is_zip64=True, locator_start=30 + 5))


def through_a_link() -> bytes:
    return forge(Entry(name=b"x", mode=0o120777, content=b"/etc"),
                 Entry(name=b"x/a.jpg", content=PHOTO), *GOOD)  # fmt: skip


def half() -> bytes:
    content = forge(*GOOD)
    return content[: len(content) // 2]


ARCHIVES: dict[str, Case] = {
    "01-empty": Case(make=lambda: b"", status=400, code="upload_empty"),
    "02-jpeg": Case(make=lambda: PHOTO, status=415, code="archive_type_unsupported"),
    "02-text": Case(make=lambda: b"text " * 99, status=415, code="archive_type_unsupported"),
    "02-rar": Case(make=lambda: b"Rar!\x1a\x07\x01\0" + bytes(500), status=415,
                   code="archive_type_unsupported"),
    "02-7z": Case(make=lambda: b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(500), status=415,
                  code="archive_type_unsupported"),
    "02-tar.gz": Case(make=tar_gz, status=415, code="archive_type_unsupported"),
    "08-no-entries": Case(make=forge, code="archive_empty"),
    "09-half": Case(make=half, code="archive_corrupt"),
    "09-no-end": Case(make=lambda: forge(*GOOD)[:-22], code="archive_corrupt"),
    "10-crc": Case(make=lambda: beside_good(crc=1), code="archive_corrupt"),
    "11-classic-bomb": Case(make=classic_bomb, code="archive_ratio_exceeded"),
    "12-quoted-overlap": Case(make=lambda: quoted_overlap_bomb(200, bytes(1 << 20)),
                              code="archive_overlap"),
    "13-same-offset": Case(make=lambda: same_offset_bomb(2000, bytes(10 << 20)),
                           code="archive_overlap"),
    "14-nested": Case(make=nested, code="archive_nested"),
    "15-many-empty": Case(make=many_empty, code="archive_too_many_files"),
    "15-claims-a-million": Case(make=claims_a_million, code="archive_too_many_files"),
    "17-low": Case(make=lambda: beside_good(file_size=5), code="archive_corrupt"),
    "17-high": Case(make=lambda: beside_good(file_size=len(PHOTO) + 1), code="archive_corrupt"),
    "17-zip64": Case(make=lying_zip64, code="archive_corrupt"),
    "17-zip64-offset": Case(
        make=lambda: beside_good(header_offset=0xFFFFFFFF, extra=zip64_extra([2**64 - 1])),
        code="archive_corrupt"),
    "18-password": Case(make=lambda: beside_good(flags=ENCRYPTED), code="archive_encrypted"),
    "18-aes": Case(make=lambda: beside_good(flags=ENCRYPTED, method=99), code="archive_encrypted"),
    **{f"19-method-{method}": Case(make=lambda method=method: beside_good(method=method),  # type: ignore[misc]  # bound now
                                   code="archive_method_unsupported")
       for method in (BZIP2, LZMA, 9, 93)},
    "20-last-part": Case(make=lambda: forge(*GOOD, ending=Ending(disk=1)),
                         code="archive_multidisk"),
    "20-first-part": Case(make=lambda: b"PK\7\x08" + forge(*GOOD)[:-22], code="archive_multidisk"),
    **{f"21-22-{name!r}": Case(make=lambda name=name: named(name), code="archive_unsafe_path")  # type: ignore[misc]  # likewise
       for name in (b"../../etc/cron.d/x.jpg", b"/x.jpg", b"C:\\x.jpg", b"\\\\host\\x.jpg",
                    b"a\\x.jpg", b"..")},
    "23-link": Case(make=lambda: beside_good(mode=0o120777), code="archive_symlink"),
    "23-through-a-link": Case(make=through_a_link, code="archive_symlink"),
    **{f"24-{mode:o}": Case(make=lambda mode=mode: beside_good(mode=mode),  # type: ignore[misc]  # likewise
                            code="archive_special_file")
       for mode in (0o060644, 0o020644, 0o010644, 0o140644, 0o104755)},
    "25-same": Case(make=lambda: twins("a.jpg", "a.jpg"), code="archive_duplicate_name"),
    "25-case": Case(make=lambda: twins("a.jpg", "A.JPG"), code="archive_duplicate_name"),
    "25-nfc-nfd": Case(make=lambda: twins("caf\xe9.jpg", "cafe\u0301.jpg"),
                       code="archive_duplicate_name"),
    "26-two-names": Case(make=lambda: beside_good(local_name=b"evil.jpg"), code="archive_corrupt"),
    **{f"27-{name[:12]!r}": Case(make=lambda name=name: named(name), code="archive_bad_name")  # type: ignore[misc]  # likewise
       for name in (b"a\0.jpg", b"a\nb.jpg", b"\x1b[2Ja.jpg", "a\u202egpj.exe".encode(),
                    b"a" * 300 + b".jpg", b".", b"CON.jpg", b"a.jpg.")},
    "28-cp437": Case(make=lambda: beside_good(name=b"caf\x82.jpg"), status=202),
    "28-shift-jis": Case(make=lambda: beside_good(name="写真.jpg".encode("shift-jis")
                                                  .replace(b"\\", b"_")), status=202),
    "29-deep": Case(make=lambda: named(b"d/" * 40 + b"x.jpg"), code="archive_too_deep"),
    "30-clutter": Case(make=lambda: zip_of({"__MACOSX/._a.jpg": PHOTO, ".DS_Store": b"x",
                                            "Thumbs.db": b"x"}), code="no_images"),
    "31-program": Case(make=lambda: b"MZ" + bytes(200) + forge(*GOOD), code="archive_prefix_data"),
    "31-polyglot": Case(make=lambda: PHOTO + forge(*GOOD), code="archive_prefix_data"),
    # No antivirus is installed with the service. A comment is read by nobody and stored nowhere,
    # so the archive is accepted and the comment is gone: `test_the_comment_is_stored_nowhere`.
    "32-eicar": Case(make=lambda: forge(*GOOD, ending=Ending(comment=EICAR * 900)), status=202),
}  # fmt: skip
"""Rows 3 to 7 and 16 are about requests and limits; they have tests of their own."""
