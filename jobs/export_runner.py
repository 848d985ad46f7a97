"""Makes one file that somebody asked for. Imported by workers only: the engine is heavy."""

import logging
import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings

from jobs import exports
from jobs.exports import ExportLease
from jobs.files import delete_tree, exports_prefix, store
from jobs.models import Export
from jobs.recorder import WorkerStopping
from jobs.results import fetch_order
from jobs.worker_host import this_host
from scene3d.background.workers import stop_requested
from scene3d.engine.delivery import deliver
from scene3d.engine.progress import Silent
from scene3d.engine.public import FORMATS, EngineError
from scene3d.engine.workspace import Workspace

logger = logging.getLogger(__name__)


class _UntilStopped(Silent):
    def check(self) -> None:
        """Raises: WorkerStopping."""
        if stop_requested.is_set():
            raise WorkerStopping


def run_export(export_id: UUID) -> None:
    """Take the export if it still waits, and bring it to an end or back into the queue.

    Raises: whatever was not foreseen, after the export is marked.
    """
    lease = exports.claim(export_id)
    if lease is None:
        logger.info("export %s: nothing to do", export_id)
        return
    folder = Path(settings.WORK_DIR) / f"export-{export_id}-{lease.delivery}"
    try:
        _work(lease, folder)
    except WorkerStopping:
        exports.release(lease)
    except EngineError as problem:
        exports.fail(lease, f"{problem.message} {problem.next_step}".strip())
        logger.warning("export %s: %s", export_id, problem.code, exc_info=True)
    except Exception:
        exports.fail(lease, "Something broke on our side. Tell the operator of this server.")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _work(lease: ExportLease, folder: Path) -> None:
    export = Export.objects.select_related("job").get(pk=lease.export_id)
    [form] = [name for name, form in FORMATS.items() if form.file == export.name]
    order = fetch_order(export.job, form, folder)
    made = folder / export.name
    deliver(form, order, made, Workspace(folder / "work"), _UntilStopped(), this_host())
    prefix = f"{exports_prefix(export.job_id)}/{export.pk}-{lease.delivery}"
    stored = store(made, f"{prefix}/{export.name}")
    if not exports.finish(lease, stored):
        delete_tree(prefix)
        logger.info("export %s is not wanted any more", export.pk)
