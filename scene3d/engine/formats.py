"""Every form in which a result leaves, by name. Light: the web process lists them too."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class ExportFormat:
    """One file that people can have."""

    file: str
    title: str
    purpose: str
    """What for, in a few words."""
    needs_photos: bool = False
    """Whether making it reads the photos again."""
    is_on_demand: bool = False
    """Made when somebody asks for it; the others come with every result."""
    is_optional: bool = False
    """Results without a dense cloud, and those of earlier versions, have none; on demand, it cannot
    be made of them."""


FORMATS: Mapping[str, ExportFormat] = MappingProxyType(
    {
        "ply": ExportFormat(
            file="points.ply",
            title="Point cloud, cleaned (PLY)",
            purpose="For MeshLab, CloudCompare, Blender",
        ),
        "ply_sparse": ExportFormat(
            file="points_sparse.ply",
            title="Points that placed the photos, cleaned (PLY)",
            purpose="Few and exact, each with its error and its number of photos",
            is_optional=True,
        ),
        "ply_full": ExportFormat(
            file="points_full.ply",
            title="Points that placed the photos, all (PLY)",
            purpose="Before cleaning and thinning",
        ),
        "glb": ExportFormat(
            file="model.glb",
            title="Points and cameras (GLB)",
            purpose="For 3D programs, web pages and phones",
        ),
        "mesh": ExportFormat(
            file="mesh.ply",
            title="Mesh with colours (PLY)",
            purpose="Surfaces as triangles, for MeshLab and Blender",
            is_optional=True,
        ),
        "mesh_closed": ExportFormat(
            file="mesh_closed.ply",
            title="Closed mesh (PLY)",
            purpose="Without a hole, for printing; what no photo shows is made up",
            is_on_demand=True,
            is_optional=True,
        ),
        "picture": ExportFormat(
            file="preview.jpg",
            title="Picture of the result (JPEG)",
            purpose="To show and to send",
            is_optional=True,
        ),
        "laz": ExportFormat(
            file="points.laz",
            title="Point cloud (LAZ)",
            purpose="For surveying and GIS software",
        ),
        "cameras": ExportFormat(
            file="cameras.json",
            title="Cameras and poses (JSON)",
            purpose="For scripts: where each photo was taken",
        ),
        "colmap": ExportFormat(
            file="colmap.zip",
            title="COLMAP models, binary (ZIP)",
            purpose="For COLMAP and whatever reads its models",
        ),
        "report": ExportFormat(
            file="report.json",
            title="Report (JSON)",
            purpose="Options, versions, seconds, a row per photo",
        ),
        "colmap_text": ExportFormat(
            file="colmap_text.zip",
            title="COLMAP models, text (ZIP)",
            purpose="The same, readable without COLMAP",
            is_on_demand=True,
        ),
        "nerfstudio": ExportFormat(
            file="nerfstudio.zip",
            title="Undistorted photos and poses (nerfstudio)",
            purpose="To train Gaussian splats and NeRFs",
            needs_photos=True,
            is_on_demand=True,
        ),
        "submission": ExportFormat(
            file="submission.csv",
            title="Poses as a table (CSV)",
            purpose="As the Image Matching Challenge 2025 wants them",
            is_on_demand=True,
        ),
        "bundle": ExportFormat(
            file="bundle.zip",
            title="Bundle to repeat the run (ZIP)",
            purpose="Photos, options, versions, result: for manage.py replay",
            needs_photos=True,
            is_on_demand=True,
        ),
    }
)
