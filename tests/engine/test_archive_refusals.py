"""Every way in which an archive can be wrong, with the code that its sender is told."""

import io
import struct
import tarfile
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from scene3d.engine.archives import ArchiveLimits, unpack_photos
from scene3d.engine.errors import ArchiveProblem, NoPhotos, PhotoProblem

from .zip_forge import (
    BZIP2,
    ENCRYPTED,
    LZMA,
    STORED,
    UTF8,
    Ending,
    Entry,
    central_header,
    end,
    forge,
    local_header,
    quoted_overlap_bomb,
    same_offset_bomb,
    zip64_extra,
)

GOOD = Entry()
OTHER = Entry(name=b"other.jpg")
LIMITS = ArchiveLimits(
    max_photos=4, max_members=8, max_photo_bytes=2 << 20, max_unpacked_bytes=5 << 20
)
ZEROS = bytes(1 << 20)


def tar_gz() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("photo.jpg"))
    return file.getvalue()


def with_lying_locator() -> bytes:
    """A ZIP64 record inside a photo claims one entry; the one in its place has two."""
    claim = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 10, 0)
    hiding = Entry(content=claim, method=STORED)
    locator_start = 30 + len(hiding.name)
    return forge(hiding, OTHER, ending=Ending(is_zip64=True, locator_start=locator_start))


def with_appended_offset(offset: int) -> bytes:
    return forge(replace(GOOD, header_offset=0xFFFFFFFF, extra=zip64_extra([offset])))


NO_ARCHIVES = {
    "nothing": b"",
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(500),
    "text": b"I am not an archive. " * 30,
    "tar.gz": tar_gz(),
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(500),
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(500),
}

DAMAGED = {
    "half": forge(GOOD, OTHER)[: len(forge(GOOD, OTHER)) // 2],
    "no end record": forge(GOOD)[:-22],
    "end record cut": forge(GOOD)[:-1],
    "directory beyond the file": forge(GOOD, ending=Ending(directory_start=1 << 20)),
    "local header elsewhere": forge(replace(GOOD, header_offset=3)),
    "header offset beyond the file": forge(replace(GOOD, header_offset=1 << 30)),
    "header offset of 63 bits": with_appended_offset(2**63 - 1),
    "header offset of 64 bits": with_appended_offset(2**64 - 1),
    "two names": forge(replace(GOOD, local_name=b"trojan.jpg")),
    "zip64 locator beyond the file": forge(
        GOOD, ending=Ending(is_zip64=True, locator_start=1 << 60)
    ),
    "zip64 locator lies": with_lying_locator(),
    "fewer entries declared": forge(GOOD, OTHER, ending=Ending(num_entries=1)),
    "more entries declared": forge(GOOD, OTHER, ending=Ending(num_entries=3)),
    "name is not the utf-8 it claims": forge(replace(GOOD, name=b"caf\xe9.jpg", flags=UTF8)),
}

BOMBS = {
    "deflated zeros": ("archive_ratio_exceeded", forge(replace(GOOD, content=ZEROS * 2))),
    "zeros beside photos": (
        "archive_ratio_exceeded",
        forge(GOOD, Entry(name=b"zeros.txt", content=ZEROS * 10)),
    ),
    "same offset": ("archive_overlap", same_offset_bomb(8, ZEROS)),
    "quoted overlap": ("archive_overlap", quoted_overlap_bomb(8, ZEROS)),
    "nested": (
        "archive_nested",
        forge(Entry(name=b"1.zip", content=forge(GOOD)), Entry(name=b"2.ZIP", content=b"")),
    ),
    "declares two gigabytes": (
        "archive_ratio_exceeded",
        forge(replace(GOOD, file_size=2 << 30)),
    ),
}

TOO_MUCH = {
    "entries": ("archive_too_many_files", [Entry(name=b"%d.txt" % n) for n in range(9)]),
    "photos": ("archive_too_many_files", [Entry(name=b"%d.jpg" % n) for n in range(5)]),
    "photo": ("photo_too_large", [replace(GOOD, content=ZEROS * 2 + b"1", method=STORED)]),
    "sum": (
        "archive_too_large_unpacked",
        [Entry(name=b"%d.jpg" % n, content=ZEROS * 2, method=STORED) for n in range(3)],
    ),
}

KINDS = {
    "password": ("archive_encrypted", replace(GOOD, flags=ENCRYPTED)),
    "aes": ("archive_encrypted", replace(GOOD, flags=ENCRYPTED, method=99)),
    "bzip2": ("archive_method_unsupported", replace(GOOD, method=BZIP2)),
    "lzma": ("archive_method_unsupported", replace(GOOD, method=LZMA)),
    "deflate64": ("archive_method_unsupported", replace(GOOD, method=9)),
    "zstd": ("archive_method_unsupported", replace(GOOD, method=93)),
    "symlink": ("archive_symlink", replace(GOOD, mode=0o120777, content=b"/etc/passwd")),
    "block device": ("archive_special_file", replace(GOOD, mode=0o060644)),
    "character device": ("archive_special_file", replace(GOOD, mode=0o020644)),
    "fifo": ("archive_special_file", replace(GOOD, mode=0o010644)),
    "socket": ("archive_special_file", replace(GOOD, mode=0o140644)),
    "setuid": ("archive_special_file", replace(GOOD, mode=0o104755)),
    "setgid": ("archive_special_file", replace(GOOD, mode=0o102755)),
}

NAMES = {
    "archive_unsafe_path": [
        b"../../etc/cron.d/x.jpg",
        b"a/../../x.jpg",
        b"a/..",
        b"/etc/x.jpg",
        b"//host/share/x.jpg",
        b"C:\\x.jpg",
        b"C:x.jpg",
        b"c:/x.jpg",
        b"\\\\host\\share\\x.jpg",
        b"a\\x.jpg",
    ],
    "archive_bad_name": [
        b"",
        b"\0",
        b"\0photo.jpg",
        b"a.jpg\0.txt",
        b"a\nb.jpg",
        b"a\rb.jpg",
        b"\x1b[2Ja.jpg",
        b"a\x7fb.jpg",
        "a\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe".encode(),
        "a\N{LEFT-TO-RIGHT ISOLATE}.jpg".encode(),
        b"a" * 296 + b".jpg",
        b".",
        b"./a.jpg",
        b"a/./b.jpg",
        b"CON.jpg",
        b"photos/nul.jpg",
        b"com1.jpg",
        b"LPT9",
        b"photo.jpg.",
        b"folder./photo.jpg",
    ],
    "archive_too_deep": [b"d/" * 40 + b"x.jpg", b"d/" * 16 + b"x.jpg"],
}

TWINS = {
    "same": (b"a.jpg", b"a.jpg"),
    "case": (b"A.JPG", b"a.jpg"),
    "sharp s": ("stra\N{LATIN SMALL LETTER SHARP S}e.jpg".encode(), b"STRASSE.JPG"),
    "composed and decomposed": (
        "caf\N{LATIN SMALL LETTER E WITH ACUTE}.jpg".encode(),
        "cafe\N{COMBINING ACUTE ACCENT}.jpg".encode(),
    ),
}

PREFIXES = {
    "program": b"MZ" + bytes(200),
    "jpeg": b"\xff\xd8\xff\xe0" + bytes(200) + b"\xff\xd9",
    "one byte": b"\0",
}


def refusal(tmp_path: Path, content: bytes, *, may_write: bool = False) -> PhotoProblem:
    """What `unpack_photos` says; nothing but the target may have changed."""
    archive, target = tmp_path / "upload.zip", tmp_path / "target"
    archive.write_bytes(content)
    target.mkdir()
    with pytest.raises(PhotoProblem) as refused:
        unpack_photos(archive, target, LIMITS)
    assert set(tmp_path.iterdir()) == {archive, target}
    assert archive.read_bytes() == content
    assert may_write or not any(target.iterdir())
    assert refused.value.next_step
    return refused.value


@pytest.mark.parametrize("content", NO_ARCHIVES.values(), ids=NO_ARCHIVES)
def test_what_is_no_zip_is_told_so(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).code == "archive_type_unsupported"


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_structure_is_refused_before_anything_is_written(
    tmp_path: Path, content: bytes
) -> None:
    assert refusal(tmp_path, content).code == "archive_corrupt"


@pytest.mark.parametrize("is_zip64", [False, True])
def test_an_archive_of_nothing_is_empty(tmp_path: Path, *, is_zip64: bool) -> None:
    assert refusal(tmp_path, forge(ending=Ending(is_zip64=is_zip64))).code == "archive_empty"


LIES = {
    "crc": replace(GOOD, crc=1),
    "low": replace(GOOD, file_size=5),
    "high": replace(GOOD, file_size=len(GOOD.content) + 1),
    "high and stored": replace(GOOD, method=STORED, file_size=len(GOOD.content) + 1),
    "no deflate stream": replace(GOOD, stream=b"\xff" * 20),
    "stream cut": replace(GOOD, stream=GOOD.packed[:-3]),
}


@pytest.mark.parametrize("lying", LIES.values(), ids=LIES)
def test_content_that_is_not_what_was_declared_is_corrupt(tmp_path: Path, lying: Entry) -> None:
    problem = refusal(tmp_path, forge(OTHER, lying), may_write=True)
    assert problem.code == "archive_corrupt"
    assert "'photo.jpg'" in problem.message


@pytest.mark.parametrize(("code", "content"), BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_in_little_memory(tmp_path: Path, code: str, content: bytes) -> None:
    tracemalloc.start()
    try:
        assert refusal(tmp_path, content).code == code
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1 << 20


@pytest.mark.parametrize(("code", "entries"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_more_than_the_limits_allow_is_refused(
    tmp_path: Path, code: str, entries: list[Entry]
) -> None:
    assert refusal(tmp_path, forge(*entries)).code == code


def test_a_directory_that_hides_its_length_is_not_parsed(tmp_path: Path) -> None:
    archive = tmp_path / "upload.zip"
    directory = central_header(GOOD, 0) * 40_000
    body = local_header(GOOD) + GOOD.packed
    archive.write_bytes(body + directory + end(len(body), len(directory), 1, Ending()))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveProblem) as refused:
            unpack_photos(archive, tmp_path, ArchiveLimits())
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.code == "archive_corrupt"
    assert peak_bytes < 2 * len(directory)


@pytest.mark.parametrize(("code", "entry"), KINDS.values(), ids=KINDS)
def test_entries_that_are_no_plain_files_are_refused(
    tmp_path: Path, code: str, entry: Entry
) -> None:
    assert refusal(tmp_path, forge(OTHER, entry)).code == code


@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for code, names in NAMES.items() for name in names]
)
def test_names_that_no_file_should_have_are_refused(tmp_path: Path, code: str, name: bytes) -> None:
    flags = 0 if name.isascii() else UTF8
    problem = refusal(tmp_path, forge(OTHER, Entry(name=name, flags=flags)))
    assert problem.code == code
    assert problem.message.isascii()
    assert problem.message.isprintable()
    assert len(problem.message) < 600


@pytest.mark.parametrize(("first", "second"), TWINS.values(), ids=TWINS)
def test_names_that_some_disk_takes_for_one_are_refused(
    tmp_path: Path, first: bytes, second: bytes
) -> None:
    content = forge(Entry(name=first, flags=UTF8), Entry(name=second, flags=UTF8))
    assert refusal(tmp_path, content).code == "archive_duplicate_name"


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
def test_an_archive_behind_something_else_is_refused(tmp_path: Path, prefix: bytes) -> None:
    assert refusal(tmp_path, prefix + forge(GOOD)).code == "archive_prefix_data"


def test_an_archive_behind_another_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, forge(OTHER) + forge(GOOD)).code == "archive_prefix_data"


@pytest.mark.parametrize(
    "content",
    [forge(GOOD, ending=Ending(disk=1)), b"PK\7\x08" + forge(GOOD)[:-22]],
    ids=["last", "first"],
)
def test_a_part_of_a_split_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    assert refusal(tmp_path, content).code == "archive_multidisk"


def test_an_archive_without_photos_says_so(tmp_path: Path) -> None:
    clutter = [b"__MACOSX/._a.jpg", b".DS_Store", b"Thumbs.db", b"notes.txt", b"folder/"]
    refused = refusal(tmp_path, forge(*(Entry(name=name) for name in clutter)))
    assert isinstance(refused, NoPhotos)
    assert refused.code == "no_images"


def test_refusals_of_archives_are_archive_problems(tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path, b"no archive"), ArchiveProblem)
