"""How far a reconstruction is from the truth."""

from scene3d.engine.evaluation.accuracy import (
    AUC_DEG,
    PoseAccuracy,
    pose_accuracy,
    pose_auc,
    registration_rate,
)
from scene3d.engine.evaluation.bootstrap import (
    BootstrapOptions,
    Interval,
    bootstrap_difference,
    bootstrap_mean,
)
from scene3d.engine.evaluation.challenge import (
    ChallengeDataset,
    ChallengeScore,
    DatasetScore,
    SceneScore,
    score_challenge,
    score_dataset,
)
from scene3d.engine.evaluation.poses import (
    PairError,
    Pose,
    center_errors,
    mean_average_accuracy,
    relative_pose_errors,
    rotation_angle_deg,
)
from scene3d.engine.evaluation.tables import (
    TableProblem,
    read_labels,
    read_submission,
    read_thresholds,
    read_truth,
)

__all__ = [
    "AUC_DEG",
    "BootstrapOptions",
    "ChallengeDataset",
    "ChallengeScore",
    "DatasetScore",
    "Interval",
    "PairError",
    "Pose",
    "PoseAccuracy",
    "SceneScore",
    "TableProblem",
    "bootstrap_difference",
    "bootstrap_mean",
    "center_errors",
    "mean_average_accuracy",
    "pose_accuracy",
    "pose_auc",
    "read_labels",
    "read_submission",
    "read_thresholds",
    "read_truth",
    "registration_rate",
    "relative_pose_errors",
    "rotation_angle_deg",
    "score_challenge",
    "score_dataset",
]
