"""Native task: verified matches become cameras and points."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pycolmap

from scene3d.engine.colmap.adjustment import refine_principal_points
from scene3d.engine.colmap.colours import colour_points
from scene3d.engine.colmap.convert import save_model_arrays
from scene3d.engine.colmap.upright import make_upright
from scene3d.engine.native.child import Tell
from scene3d.engine.options import MappingOptions

_GLOBAL_NEEDS_FOCALS = 0.5
"""The global mapper warns below this share of known focal lengths; then they are estimated from
the view graph first."""


def map_models(payload: Mapping[str, Any], tell: Tell) -> int:
    """Write every model found, the largest first, to models/0, models/1, …

    Each folder gets the COLMAP model and, for our own exports, arrays.npz.

    Returns:
        The number of models; 0 when no two photos start one.
    """
    options = MappingOptions.model_validate(payload["options"])
    mapper = _map_globally if options.mapper == "global" else _map_incrementally
    models = mapper(Path(payload["database"]), options, payload, tell)
    models.sort(key=lambda model: (-model.num_reg_images(), -model.num_points3D()))
    photos = {int(index): photo for index, photo in payload["photos"].items()}
    for position, mapped in enumerate(models):
        tell("finishing", model=position, num_models=len(models))
        model = (
            refine_principal_points(mapped, num_threads=payload["num_threads"])
            if options.refine_principal_point
            else mapped
        )
        if options.upright:
            make_upright(model)
        colour_points(model, {index: Path(photo["path"]) for index, photo in photos.items()})
        _write_model(model, Path(payload["models"]) / str(position), photos)
    return len(models)


def _write_model(
    model: pycolmap.Reconstruction, folder: Path, photos: Mapping[int, Mapping[str, Any]]
) -> None:
    folder.mkdir(parents=True)
    save_model_arrays(model, folder / "arrays.npz")
    for image in model.images.values():
        image.name = photos[int(image.name)]["name"]
    model.write(folder)


def _map_incrementally(
    database_path: Path, options: MappingOptions, payload: Mapping[str, Any], tell: Tell
) -> list[pycolmap.Reconstruction]:
    native = pycolmap.IncrementalPipelineOptions()
    native.min_model_size = options.min_model_size
    native.num_threads = payload["num_threads"]
    native.random_seed = payload["seed"]
    native.mapper.random_seed = payload["seed"]
    native.triangulation.random_seed = payload["seed"]
    native.extract_colors = False  # see colours.py
    database = pycolmap.Database.open(database_path)
    found = pycolmap.ReconstructionManager()
    pipeline = pycolmap.IncrementalPipeline(native, database, found)

    def tell_size() -> None:
        if found.size():
            model = found.get(found.size() - 1)
            tell(
                "registered",
                model=found.size() - 1,
                num_registered=model.num_reg_images(),
                num_points=model.num_points3D(),
            )

    for moment in (
        pycolmap.IncrementalPipelineCallback.INITIAL_IMAGE_PAIR_REG_CALLBACK,
        pycolmap.IncrementalPipelineCallback.NEXT_IMAGE_REG_CALLBACK,
    ):
        pipeline.add_callback(int(moment), tell_size)
    pipeline.run()
    database.close()
    return [found.get(position) for position in range(found.size())]


def _map_globally(
    database_path: Path, options: MappingOptions, payload: Mapping[str, Any], tell: Tell
) -> list[pycolmap.Reconstruction]:
    if payload["known_focal_share"] < _GLOBAL_NEEDS_FOCALS:
        pycolmap.calibrate_view_graph(database_path)
    native = pycolmap.GlobalPipelineOptions()
    native.min_model_size = options.min_model_size
    native.num_threads = payload["num_threads"]
    native.random_seed = payload["seed"]
    database = pycolmap.Database.open(database_path)
    found = pycolmap.ReconstructionManager()
    pipeline = pycolmap.GlobalPipeline(native, database, found)

    def tell_size() -> None:
        models = [found.get(position) for position in range(found.size())]
        tell(
            "registered",
            model=max(found.size() - 1, 0),
            num_registered=sum(model.num_reg_images() for model in models),
            num_points=sum(model.num_points3D() for model in models),
        )

    pipeline.add_callback(int(pycolmap.GlobalPipelineCallback.MODEL_UPDATE_CALLBACK), tell_size)
    pipeline.run()
    database.close()
    return [found.get(position) for position in range(found.size())]
