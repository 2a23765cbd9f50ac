"""The worst pairs of views of an audit, with their images: what breaks alignment, and what breaks concentration."""

import numpy as np

from empirical.audit.core import Audit
from empirical.audit.diagnosis import WorstPair
from empirical.audit.drawing import data_uri
from empirical.audit.table import marked, text
from empirical.views.protocol import FiniteViews
from theory.factors import view_diameters
from theory.setting import Array

SHOWN = 12
"""Pairs of a kind that are shown."""


def worst_pairs(audit: Audit) -> str:
    """HTML: for alignment and for concentration, the worst pair of every class, then the second worst, and so on."""
    channels = audit.data.images.shape[1]
    drawn = audit.views.drawn(len(audit.data.images)) if channels in (1, 3) else None
    means = np.array([audit.features[audit.labels == k].mean(axis=(0, 1)) for k in range(audit.exact.classes)])
    note = (
        "Values outside [0, 1] are rescaled for display."
        if drawn
        else f"Images of {channels} channels cannot be shown."
    )
    parts = [
        f"<p>The worst pair of every class comes first, then the second worst; distances are in units of r. {note}</p>"
    ]
    kinds = {"alignment": "Alignment: two views of an image", "concentration": "Concentration: off the main part"}
    for kind, title in kinds.items():
        pairs = [pair for pair in audit.diagnosis.worst_pairs if pair.kind == kind]
        rank = {pair: sum(other.label == pair.label for other in pairs[:i]) for i, pair in enumerate(pairs)}
        chosen = sorted(pairs, key=lambda pair: (rank[pair], -pair.distance))[:SHOWN]
        figures = "".join(_pair(audit, pair, means, drawn) for pair in chosen)
        shown_of = f'<p class="soft">{len(chosen)} of {len(pairs)} pairs</p>' if pairs else "<p>There is none.</p>"
        parts.append(f'<h3>{title}</h3>{shown_of}<div class="pairs">{figures}</div>')
    return "".join(parts)


def _pair(audit: Audit, pair: WorstPair, means: Array, drawn: FiniteViews | None) -> str:
    names, witness = [text(name) for name in audit.data.class_names], audit.diagnosis.witnesses[pair.label]
    pictures, nearest = "", []
    (i, first), (other, second) = pair.first, pair.second
    for row, j in (pair.first, pair.second):
        nearest.append(names[int(np.linalg.norm(means - audit.features[row, j], axis=1).argmin())])
        if drawn is not None:
            view = drawn.block(audit.data.images[row : row + 1], row)[0, j]
            pictures += f'<img src="{data_uri(view)}" alt="image {row} of class {names[pair.label]}, view {j}">'
    spread = float(view_diameters(audit.features[i : i + 1])[0])
    if spread > witness.eps:
        breaks = f"views of image {i} differ by more than eps = {marked(witness.eps, 'exact')}: outside S_eps"
    elif pair.kind == "alignment":
        breaks = f"within eps = {marked(witness.eps, 'exact')}, but s grows by 2 eps"
    else:
        breaks = f"not within reach = {marked(witness.reach, 'exact')} of all of the main part"
    subject, apart = f"image {i}, views {first} and {second}", marked(pair.distance, "exact")
    if pair.kind == "concentration":  # the nearest of those samples of the main part that were looked at
        subject = f"image {i}, view {first}, and image {other} of the main part, view {second}"
        apart = marked(pair.distance, "upper")
    return (
        f"<figure>{pictures}<figcaption><b>{names[pair.label]}</b>, {subject}: apart by {apart}, nearest to the means of "
        f"{' and '.join(nearest)}; {breaks}.</figcaption></figure>"
    )
