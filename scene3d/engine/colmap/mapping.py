"""Native task: verified matches become cameras and points."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pycolmap

from scene3d.engine.colmap.adjustment import adjust_precisely
from scene3d.engine.colmap.lens import use_radial_cameras
from scene3d.engine.colmap.model_files import write_model
from scene3d.engine.colmap.resumption import resume_from
from scene3d.engine.colmap.snapshots import Snapshots
from scene3d.engine.colmap.upright import make_upright
from scene3d.engine.native.child import Tell
from scene3d.engine.options import MappingOptions

_GLOBAL_NEEDS_FOCALS = 0.5
"""The global mapper warns below this share of known focal lengths; then they are estimated from
the view graph first."""

_REPEATABLE_UP_TO_PHOTOS = 100
"""COLMAP's mappers end differently each time with several threads: of 23 runs on ten photos two
were equal, and one in ten found a second model. Smaller scenes gain nothing from threads."""


def map_models(payload: Mapping[str, Any], tell: Tell) -> int:
    """Write every model found, the largest first, to models/0, models/1, …

    The incremental mapper goes on from the model in `resume_from`, if that is not None. Meanwhile
    the models so far go to snapshots: see snapshots.py. Points have no colours yet.

    Returns:
        The number of models; 0 when no two photos start one.
    """
    options = MappingOptions.model_validate(payload["options"])
    mapper = _map_globally if options.mapper == "global" else _map_incrementally
    names = {int(index): name for index, name in payload["names"].items()}
    snapshots = Snapshots(payload["snapshots"], names, tell, upright=options.upright)
    models = mapper(options, payload, tell, snapshots)
    snapshots.offer(models)
    models = _worth_keeping(models, options.min_model_size)
    for position, mapped in enumerate(models):
        tell("finishing", model=position, num_models=len(models))
        use_radial_cameras(mapped)
        model = adjust_precisely(
            mapped,
            refine_principal_point=options.refine_principal_point,
            num_threads=payload["num_threads"],
        )
        if options.upright:
            make_upright(model)
        write_model(model, Path(payload["models"]) / str(position), names)
    return len(models)


def _worth_keeping(
    models: Sequence[pycolmap.Reconstruction], min_model_size: int
) -> list[pycolmap.Reconstruction]:
    """The largest first, without those that add too few photos: COLMAP starts again from photos
    that it has placed, and ends with the same place in small."""
    kept, placed = [], set[int]()
    for model in sorted(models, key=lambda one: (-one.num_reg_images(), -one.num_points3D())):
        new = set(model.reg_image_ids()) - placed
        if len(new) >= min_model_size:
            kept.append(model)
            placed |= new
    return kept


def _num_threads(payload: Mapping[str, Any]) -> int:
    return 1 if len(payload["names"]) <= _REPEATABLE_UP_TO_PHOTOS else int(payload["num_threads"])


def _map_incrementally(
    options: MappingOptions, payload: Mapping[str, Any], tell: Tell, snapshots: Snapshots
) -> list[pycolmap.Reconstruction]:
    native = pycolmap.IncrementalPipelineOptions()
    native.min_model_size = options.min_model_size
    native.num_threads = _num_threads(payload)
    native.random_seed = payload["seed"]
    native.mapper.random_seed = payload["seed"]
    native.triangulation.random_seed = payload["seed"]
    native.extract_colors = False  # see stages.py
    native.ba_local_function_tolerance = 1e-3
    native.ba_global_function_tolerance = 1e-4  # precision comes last, in adjustment.py
    database = pycolmap.Database.open(payload["database"])
    found = _start(payload["resume_from"], database)
    pipeline = pycolmap.IncrementalPipeline(native, database, found)

    def on_growth() -> None:
        if found.size():
            model = found.get(found.size() - 1)
            tell(
                "registered",
                model=found.size() - 1,
                num_registered=model.num_reg_images(),
                num_points=model.num_points3D(),
            )
        snapshots.offer([found.get(position) for position in range(found.size())])

    for moment in (
        pycolmap.IncrementalPipelineCallback.INITIAL_IMAGE_PAIR_REG_CALLBACK,
        pycolmap.IncrementalPipelineCallback.NEXT_IMAGE_REG_CALLBACK,
    ):
        pipeline.add_callback(int(moment), on_growth)
    pipeline.run()
    database.close()
    return [found.get(position) for position in range(found.size())]


def _start(resumed: str | None, database: pycolmap.Database) -> pycolmap.ReconstructionManager:
    if resumed is None:
        return pycolmap.ReconstructionManager()
    return resume_from(Path(resumed), database)


def _map_globally(
    options: MappingOptions, payload: Mapping[str, Any], tell: Tell, snapshots: Snapshots
) -> list[pycolmap.Reconstruction]:
    if payload["known_focal_share"] < _GLOBAL_NEEDS_FOCALS:
        pycolmap.calibrate_view_graph(payload["database"])
    native = pycolmap.GlobalPipelineOptions()
    native.min_model_size = options.min_model_size
    native.num_threads = _num_threads(payload)
    native.random_seed = payload["seed"]
    database = pycolmap.Database.open(payload["database"])
    found = pycolmap.ReconstructionManager()
    pipeline = pycolmap.GlobalPipeline(native, database, found)

    def on_growth() -> None:
        models = [found.get(position) for position in range(found.size())]
        tell(
            "registered",
            model=max(found.size() - 1, 0),
            num_registered=sum(model.num_reg_images() for model in models),
            num_points=sum(model.num_points3D() for model in models),
        )
        snapshots.offer(models)

    pipeline.add_callback(int(pycolmap.GlobalPipelineCallback.MODEL_UPDATE_CALLBACK), on_growth)
    pipeline.run()
    database.close()
    return [found.get(position) for position in range(found.size())]
