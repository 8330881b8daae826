"""Sensitivities of an ODE: a driven pendulum by Runge-Kutta, written with arrays that are filled in place.

Forward mode pushes one parameter's tangent through the solver; reverse mode gives the sensitivity to all the 400
torques of the drive in one sweep. Where they overlap they agree, and with finite differences too.
"""

import numpy as np

import srcad


def slope(state, torque, damping, out):
    out[0] = state[1]
    out[1] = torque - np.sin(state[0]) - damping * state[1]


def final_angle(damping, torques, start, dt):
    """One RK4 step a torque, which is held constant during the step."""
    state = start.copy()
    trial = np.empty(2)
    k = np.empty((4, 2))
    for torque in torques:
        slope(state, torque, damping, k[0])
        for stage in range(1, 4):
            trial[:] = state + (dt if stage == 3 else 0.5 * dt) * k[stage - 1]
            slope(trial, torque, damping, k[stage])
        state += dt / 6.0 * (k[0] + 2.0 * k[1] + 2.0 * k[2] + k[3])
    return state[0]


def main() -> None:
    n, dt = 400, 0.02
    torques = 0.4 * np.cos(0.7 * dt * np.arange(n))
    args = (0.1, torques, np.array([0.5, 0.0]), dt)

    none = (0.0, np.zeros(n), np.zeros(2), 0.0)
    angle, by_damping = srcad.jvp(final_angle, args, (1.0, *none[1:]))
    print(f"angle after {n * dt:.0f} s: {angle:.6f}")
    print(f"one forward sweep: d angle / d damping = {by_damping:+.6f}")

    damping_bar, torques_bar = srcad.grad(final_angle, argnums=(0, 1))(*args)
    print(f"one reverse sweep: d angle / d damping = {damping_bar:+.6f}, and {torques_bar.size} torques'")
    strongest = int(np.argmax(abs(torques_bar)))
    print(f"the torque at t = {strongest * dt:.2f} s matters most: {torques_bar[strongest]:+.6f}")

    _, by_strongest = srcad.jvp(final_angle, args, (0.0, np.eye(n)[strongest], none[2], 0.0))
    h = 1e-5
    differences = (final_angle(0.1 + h, *args[1:]) - final_angle(0.1 - h, *args[1:])) / (2 * h)
    assert np.isclose(by_damping, damping_bar, rtol=1e-12)
    assert np.isclose(by_strongest, torques_bar[strongest], rtol=1e-12)
    assert np.isclose(by_damping, differences, rtol=1e-7)


if __name__ == "__main__":
    main()
