import numpy as np
from scipy.spatial.transform import Rotation

from scene3d.engine.geometry.rotations import matrices_from_quaternions


def test_matrices_are_those_of_the_quaternions() -> None:
    rotations = Rotation.random(50, random_state=1)
    wxyz = rotations.as_quat(scalar_first=True) * np.linspace(-2, 3, 50)[:, None]
    np.testing.assert_allclose(
        matrices_from_quaternions(wxyz), rotations.as_matrix(), rtol=0, atol=1e-14
    )


def test_no_quaternion_gives_no_matrix() -> None:
    assert matrices_from_quaternions(np.empty((0, 4))).shape == (0, 3, 3)
