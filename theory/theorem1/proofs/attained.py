"""Finite worlds that attain the exact form of Theorem 1, on the hull's edge and on part of its face.

At (alpha, s, mu_l) the exact form confines u to a cap of angle Phi about mu_l. Here a class is built of which one sample
sits at the rim of that cap, and a rival class from which it is as far as from its own mean: a tie, which counts as
misclassified. All views of a sample coincide, so eps = 0 = R and s = delta; the main part is pairwise within s. With n
samples the margin is -O(1/n): nothing but the one sample at u, whose own weight moves the mean by alpha s/(alpha n).
"""

import numpy as np

from theory.concentration import augmented_distances, main_part
from theory.factors import divergence, misclassified
from theory.ledger import Evidence
from theory.setting import Array, FiniteWorld
from theory.theorem1.forms import margin
from theory.theorem1.forms.exact import exact_angle


def worst_u(alpha: float, s: float, w: float) -> Array:
    """The unit u that is compatible with mu_l = (w, 0) and worst against a rival with mu_k above the first axis.

    It lies in the plane of the two means at `exact_angle` from mu_l, on the side of the rival. Result (2,).
    """
    angle = float(exact_angle(alpha, s, w))
    return np.array([np.cos(angle), np.sin(angle)])


def attaining_world(n: int, lost: int, s: float, w: float, rival: float) -> FiniteWorld:
    """Two classes of n samples, two equal views each, features in R^3, in which `worst_u` is sample 0 of class 0.

    n      samples per class; lost: of them lie outside the main part, alpha = 1 - lost/n, 0 <= lost <= n - 3
    s      spread: the main part is pairwise within s
    w      norm that the mean of class 0 tends to as n grows
    rival  norm of the rival's mean, which lies across u from the class's own

    ValueError where no such world exists: w is out of reach of (alpha, s), or the face of the hull would have to be filled
    by points farther than s from each other.
    """
    alpha = 1 - lost / n
    theta = 2 * np.arcsin(s / 2)
    phi = float(exact_angle(alpha, s, w))
    p = w * np.array([np.cos(phi), np.sin(phi)])  # u = (1, 0) here
    edge = np.array([np.cos(theta), np.sin(theta)])
    if lost and not np.isclose(np.linalg.norm(p - alpha * edge), 1 - alpha, atol=1e-9):
        v = np.array([np.cos(theta), p[1] / alpha])
    else:
        v = edge
    off_plane = np.sqrt(max(1 - v @ v, 0.0))
    b = (p - alpha * v) / (1 - alpha) if lost else np.zeros(2)
    if 2 * off_plane > s + 1e-12 or abs(np.linalg.norm(alpha * v + (1 - alpha) * b) - w) > 1e-9:
        raise ValueError(f"w={w}: no world with s = {s}, {lost} of {n} lost attains the exact form; change w or s")
    if lost and abs(np.linalg.norm(b) - 1) > 1e-9:
        raise ValueError(f"w={w}: out of reach at alpha = {alpha}, s = {s}; give a w nearer to alpha")
    sides = off_plane * np.resize([1.0, -1.0], n - lost - 1)
    main = np.column_stack([np.tile(v, (n - lost - 1, 1)), sides])
    own = np.vstack([[1.0, 0.0, 0.0], main, np.tile([*b, 0.0], (lost, 1))])
    mean = own.mean(axis=0)
    distance = (1 - 1e-9) * float(np.linalg.norm(own[0] - mean))
    cosine = (1 + rival**2 - distance**2) / (2 * rival)  # ||u - q|| = distance, ||q|| = rival
    if not 0 < rival <= 1 or abs(cosine) > 1:
        raise ValueError(
            f"rival={rival}: no mean of this norm is {distance:.3g} from u; give a norm nearer to 1, at most 1"
        )
    q = rival * np.array([cosine, -np.sqrt(1 - cosine**2), 0.0])
    normal = own[0] - (own[0] @ mean) / (mean @ mean) * mean  # from the axis of the cap towards u
    below = np.arctan2((q - mean) @ normal / np.linalg.norm(normal), (q - mean) @ mean / np.linalg.norm(mean))
    if below < phi:
        raise ValueError(f"rival={rival}: u is not the worst point against a rival of this norm; give one nearer to 1")
    sideways = np.sqrt(1 - rival**2) * np.array([0.0, 0.0, 1.0])
    others = q + np.resize([1.0, -1.0], n)[:, None] * sideways
    features = np.repeat(np.vstack([own, others])[:, None, :], 2, axis=1)
    return FiniteWorld(features, features, np.repeat([0, 1], n))


def attained_margin(world: FiniteWorld, s: float) -> tuple[float, bool]:
    """Margin of the exact form for class 0 at eps = 0, and whether its sample 0 is in the main part and misclassified."""
    members = world.members(0)
    part = main_part(augmented_distances(world.features[members]), s * (1 + 1e-12))
    gram = divergence(world)
    value = float(margin("exact", part.lower / len(members), s, gram[0, 0], gram[1, 1], gram[0, 1]))
    return value, bool(0 in part.indices and misclassified(world)[0])


def attained() -> Evidence:
    """Evidence that the margin of the exact form cannot be relaxed: it tends to 0 while a main part's sample is lost."""
    sizes = (20, 200, 2000)
    cases = {"edge": (0.7, 0.9, 0.9), "face": (1.361, 0.9, 1.0)}
    outcomes = {
        (name, n): attained_margin(attaining_world(n, round(0.1 * n), s, w, rival), s)
        for name, (s, w, rival) in cases.items()
        for n in sizes
    }
    margins = {name: [outcomes[name, n][0] for n in sizes] for name in cases}
    return Evidence(
        kind="search",
        summary=f"finite worlds of {', '.join(map(str, sizes))} samples a class in which a sample of the main part is "
        "misclassified, yet the margin of the exact form is only "
        + "; ".join(f"{', '.join(f'{value:.1e}' for value in values)} ({name})" for name, values in margins.items()),
        holds=all(lost and value <= 0 for value, lost in outcomes.values())
        and all(values[-1] > values[0] / 50 for values in margins.values()),
        computed="margin * n = "
        + "; ".join(
            ", ".join(f"{value * n:.2f}" for value, n in zip(values, sizes, strict=True)) for values in margins.values()
        ),
        slack=max(values[-1] for values in margins.values()) + 0.0,
    )
