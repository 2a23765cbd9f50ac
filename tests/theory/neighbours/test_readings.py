"""What the statements of the neighbours read of one world, by loops: a side that is too large breaks no world, and a search
never notices it."""

import itertools

import numpy as np
import pytest

from tests.theory.neighbours.worlds import simplex
from theory.neighbours import arora, haochen, saunshi, wang_isola, wang_overlap
from theory.neighbours.augmentation_graph import ViewGraph, graph_of_nodes, probe, sharpness, spectrum, view_nodes
from theory.neighbours.neighbour import Finding
from theory.setting import FiniteWorld
from theory.worlds import on_sphere

LABELS = np.array([0, 0, 1, 1, 1])
FEATURES = on_sphere(np.random.default_rng(0).normal(size=(5, 2, 3)))
MEANS = np.array([FEATURES[LABELS == k].mean(axis=(0, 1)) for k in range(2)])
VIEWS = FEATURES.reshape(10, 3)
SAMPLE = np.repeat(np.arange(5), 2)
TAU = (4 + 9) / 25


def of_samples(group):
    """The bound with the hinge, where a positive is any view of a sample of the same group."""
    alike = [(i, j) for i in range(10) for j in range(10) if group[i] == group[j]]
    losses = {i: [] for i in range(10)}
    for (i, j), k in itertools.product(alike, range(10)):
        losses[i].append(max(0, 1 - VIEWS[i] @ (VIEWS[j] - VIEWS[k])))
    return (np.mean([np.mean(of) for of in losses.values()]) - TAU) / (1 - TAU)


def test_arora_asks_for_positives_of_the_class_and_its_like_for_those_of_the_sample():
    world = arora.Contrast(FEATURES, LABELS, arora.LOSSES.index(arora.hinge))
    one, other = ([max(0, 1 - x @ (MEANS[k] - MEANS[1 - k])) for x in VIEWS[LABELS[SAMPLE] == k]] for k in range(2))
    left = (np.mean(one) + np.mean(other)) / 2  # of two classes either is drawn first equally often
    for read, group, trivial in (
        (arora._read_classes, LABELS[SAMPLE], 1.0),
        (arora._read_views, SAMPLE, np.inf),
    ):
        reading = read(world)
        assert reading.left == pytest.approx(left)
        assert reading.right == pytest.approx(of_samples(group))
        assert (reading.trivial, reading.met) == (trivial, True)


def negatives(M):
    """L_M over all choices of negatives, by loops."""
    terms = []
    for i, j in itertools.product(range(10), range(10)):
        if SAMPLE[i] == SAMPLE[j]:
            u, v = np.exp(VIEWS[i] @ VIEWS[j]), np.exp(VIEWS @ VIEWS[i])
            terms += [np.log(1 + sum(chosen) / u) for chosen in itertools.product(v, repeat=M)]
    return np.mean(terms)


U, V = np.exp(np.einsum("nid,njd->nij", FEATURES, FEATURES)).reshape(10, 2), np.exp(VIEWS @ VIEWS.T)
LIMIT = np.mean(np.log(V.mean(axis=1))) - np.mean(np.log(U))


def test_the_deviation_from_the_limit_of_infonce_is_read_on_either_side():
    reading = wang_isola._read(wang_isola.Contrasted(FEATURES, 2))
    excess = negatives(2) - np.log(2) - LIMIT
    above = np.mean(U.mean(axis=1) / V.mean(axis=1)) / 2
    below = np.mean(V.var(axis=1) / V.mean(axis=1) / V.min(axis=1)) / 2
    assert reading.left == pytest.approx([excess, -excess, above, below])
    assert reading.right == pytest.approx([above, below, np.exp(2) / 2, (np.e - 1) ** 2 / 2])
    assert reading.met


def test_the_cross_entropy_of_the_mean_classifier_is_read_on_either_side():
    p = np.array([0.4, 0.6])
    scores = VIEWS @ MEANS.T + np.log(p)
    own = scores[np.arange(10), LABELS[SAMPLE]]
    H = -(p @ np.log(p))
    excess = np.mean(np.log(np.exp(scores).sum(axis=1)) - own) - H - LIMIT
    V_all = np.mean(((FEATURES - MEANS[LABELS][:, None]) ** 2).sum(axis=2))
    V_b = np.mean(((FEATURES.mean(axis=1) - MEANS[LABELS]) ** 2).sum(axis=1))
    world = wang_overlap.Labelled(FEATURES, LABELS)
    reading = wang_overlap._read_noted(world)
    assert reading.left == pytest.approx([-excess, excess])
    assert reading.right == pytest.approx([np.sqrt(V_all) + V_all / 2, np.sqrt(V_all)])
    reading = wang_overlap._read_sharp(world)
    wrong = np.mean(scores.argmax(axis=1) != LABELS[SAMPLE])
    assert 0 < wrong < 1
    assert reading.left == pytest.approx([-excess, excess, wrong])
    assert reading.right == pytest.approx([np.e / 2 * V_all - V_b, V_b, (LIMIT + V_b + H) / np.log(2)])
    assert list(reading.trivial) == [-np.inf, -np.inf, 1.0]


@pytest.mark.parametrize("K", [4, 5])
def test_the_floor_is_log_2_from_five_classes_on(K):
    reading = wang_overlap._read_floor(wang_overlap.Labelled(*simplex(K)))
    least = np.log(1 + (K - 1) * np.exp(-K / (K - 1)))
    assert reading.left == pytest.approx([least, np.log(2) if K == 5 else 0])
    assert reading.right == pytest.approx([least, least])


def test_codes_that_are_dealt_out_leave_five_losses_and_lose_two_thirds():
    reading = saunshi._read(saunshi.Collapsed(np.eye(3), 2))
    assert reading.hypotheses == {"codes differ": pytest.approx(np.sqrt(2) - saunshi.APART)}
    assert reading.left == pytest.approx([*[0] * 6, 2 / 3, 2 / 3])
    assert reading.right == pytest.approx([*[0] * 6, 2 / 3, 1])


def test_a_loss_that_moves_when_codes_are_dealt_out_is_read_whichever_way_it_moves(monkeypatch):
    """The code of sample 1 is no loss: dealt out, one of its coordinates falls and the other rises."""
    monkeypatch.setattr(saunshi, "rational_losses", lambda world: world.features[1, 0])
    assert saunshi._read(saunshi.Collapsed(np.eye(2), 2)).left[:2] == pytest.approx([1, 1])


def graph():
    laws = np.random.default_rng(0).random((5, 8)) ** 4
    return ViewGraph(laws / laws.sum(axis=1, keepdims=True), LABELS)


@pytest.mark.parametrize("shift", [-0.25, 0.25])
def test_a_loss_that_does_not_factorise_is_read_whichever_way_it_errs(shift, monkeypatch):
    loss = haochen.edge_loss
    monkeypatch.setattr(haochen, "edge_loss", lambda *of: loss(*of) + shift / 64)
    features = np.random.default_rng(1).normal(size=(8, 2))
    reading = haochen._read_factorisation(haochen.Encoded(graph(), features, 1))
    assert (reading.left, reading.right) == (pytest.approx(0.25), 0)


def test_the_probe_is_read_on_eigenvectors_and_on_the_affine_functions_of_the_features():
    world = graph()
    features = np.random.default_rng(1).normal(size=(8, 3))
    reading = haochen._read_probe(haochen.Encoded(world, features, 2))
    values, vectors = spectrum(world)
    roots = np.sqrt(world.weights)
    own = np.linalg.qr(roots[:, None] * np.column_stack([np.ones(8), features]))[0]
    nu, phi, ambiguity = sharpness(values, vectors, own), world.inconsistency, world.ambiguity
    fits = [probe(world, vectors[:, :2]), probe(world, own)]
    assert reading.hypotheses == {"lambda_(k+1) > 0": pytest.approx(values[2], rel=1e-6)}
    assert reading.left == pytest.approx([getattr(fit, of) for fit in fits for of in ("residual", "error", "samples")])
    right = [c * phi * inverse + a for inverse in (1 / values[2], nu) for c, a in ((1, 0), (2, 0), (2, ambiguity))]
    assert reading.right == pytest.approx(right)


def test_a_graph_that_does_not_fall_apart_is_read_as_such():
    """Its eigenvalues are to be 0 and then 1; the k-th and phi are to be 0."""
    world = graph()
    values, _ = spectrum(world)
    reading = haochen._read_separate(haochen.Encoded(world, np.ones((8, 1)), 3))
    assert (values[0], values[1] > 0) == (0, True)
    furthest = max(abs(1 - value) for value in values[1:])
    assert reading.left == pytest.approx([furthest, values[3], world.inconsistency])
    assert reading.right == [0, 0, 0]


def pieces_of(pieces):
    """So many components: in each a sample of either class with the same two views, and in the first a third sample, which
    has a view of its own."""
    nodes = [[2 * piece, 2 * piece + 1] for piece in range(pieces) for _ in range(2)] + [[0, 2 * pieces]]
    views = np.eye(2 * pieces + 1)[np.array(nodes)]
    return FiniteWorld(views, on_sphere(np.ones((len(nodes), 2, 1))), np.arange(len(nodes)) % 2)


@pytest.mark.parametrize("pieces", [3, 4, 5])
def test_an_audit_takes_twice_as_many_eigenvectors_as_classes(pieces):
    """Where the graph has at most so many components, 1/lambda_(2K+1) and the probe on them are reported."""
    world = pieces_of(pieces)
    joined = graph_of_nodes(view_nodes(world), world.labels)
    spectral, affine = haochen.findings(world)
    assert "probe on 4 spectral features" in spectral.quantity
    assert affine.bound == np.inf
    if pieces == 5:
        assert (spectral.bound, spectral.measured) == (np.inf, None)
        assert "11 different views form 5 components: lambda_5 = 0" in spectral.unmet
        return
    values, vectors = spectrum(joined)
    assert (spectral.unmet, values[pieces - 1], values[4] > 0.1) == ("", 0, True)
    assert spectral.bound == pytest.approx(2 * joined.inconsistency / values[4] + joined.ambiguity)
    assert spectral.measured == probe(joined, vectors[:, :4]).samples


@pytest.mark.parametrize(
    ("direction", "bound", "silent"),
    [("upper", 0.5, False), ("upper", 1.0, True), ("lower", 1.5, False), ("lower", 1.0, True), ("lower", 0.5, True)],
)
def test_a_bound_that_is_only_the_trivial_one_says_nothing(direction, bound, silent):
    finding = Finding(claim="", quantity="", direction=direction, bound=bound, measured=None, trivial=1.0)
    assert bool(finding.silence) is silent
