"""HaoChen's bound: caught where its formula is wrong, attained, and what it says of digits whose views share cells."""

import numpy as np
import pytest
from scipy.linalg import lstsq
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

from theory.falsification import falsify
from theory.ledger import ENOUGH
from theory.neighbours import haochen
from theory.neighbours.augmentation_graph import (
    ViewGraph,
    basis,
    graph_of_nodes,
    normalised_adjacency,
    probe,
    sharpness,
    spectrum,
    view_nodes,
)
from theory.setting import FiniteWorld
from theory.worlds import unit_worlds

PREDICATES = {claim.id: claim.predicate for claim in haochen.CLAIMS}


def connected(seed=0, n=9, views=12):
    rng = np.random.default_rng(seed)
    laws = rng.random((n, views)) ** 4
    return ViewGraph(laws / laws.sum(axis=1, keepdims=True), rng.permutation(np.arange(n) % 3))


@pytest.mark.parametrize("claim", PREDICATES)
def test_the_hypotheses_are_met_often_enough(claim):
    search = falsify(PREDICATES[claim])
    assert search.met >= ENOUGH
    assert not search.violated


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("error_bound", lambda phi, nu, ambiguity=0: phi * nu + ambiguity),
        ("error_bound", lambda phi, nu, *_: 2 * phi * nu),
        ("residual_bound", lambda phi, nu: phi * nu / 2),
        ("residual_bound", lambda phi, _: phi),
        ("sharpness", lambda values, _vectors, space: 1 / max(values[min(space.shape[1], len(values) - 1)], 1e-9)),
    ],
)
def test_a_wrong_constant_is_found(monkeypatch, name, wrong):
    """The last: 1/lambda_(k+1) for the features of any encoder, which holds for the first k eigenvectors only."""
    monkeypatch.setattr(haochen, name, wrong)
    assert falsify(PREDICATES["haochen-probe"]).violated


@pytest.mark.parametrize(
    "wrong",
    [
        lambda w, own, other, product: -w * product + own * other * product**2,
        lambda w, _, other, product: -2 * w * product + other * product**2,
    ],
)
def test_another_loss_does_not_factorise_the_graph(monkeypatch, wrong):
    monkeypatch.setattr(haochen, "edge_loss", wrong)
    assert falsify(PREDICATES["haochen-factorisation"]).violated


def test_samples_that_share_a_view_are_no_separate_components():
    def joined(rng):
        point, build = haochen.separate_graphs(rng)

        def with_a_bridge(point):
            world = build(point)
            laws = world.graph.laws + 0.01
            graph = ViewGraph(laws / laws.sum(axis=1, keepdims=True), world.graph.labels)
            return haochen.Encoded(graph, world.features, world.k)

        return point, with_a_bridge

    predicate = PREDICATES["haochen-disjoint"]
    assert falsify(type(predicate)(worlds=joined, read=predicate.read)).violated


def test_both_constants_are_attained():
    """Two samples of two classes with laws that differ by so little that the labels of the views do, and lambda_2 does not:
    the constant of the first eigenvector errs on half of the views, or on all where they tie."""
    laws = np.array([[0.5 + 1e-9, 0.5 - 1e-9], [0.5 - 1e-9, 0.5 + 1e-9]])
    graph = ViewGraph(laws, np.array([0, 1]))
    values, vectors = spectrum(graph)
    fit = probe(graph, vectors[:, :1])
    assert values[1] == pytest.approx(1)
    assert fit.residual == pytest.approx(haochen.residual_bound(graph.inconsistency, 1)) == 0.5
    assert fit.error == pytest.approx(haochen.error_bound(graph.inconsistency, 1)) == 1


def test_the_probe_is_the_least_squares_head():
    graph, rng = connected(), np.random.default_rng(1)
    features = rng.normal(size=(len(graph.weights), 4))
    roots = np.sqrt(graph.weights)[:, None]
    one_hot = np.eye(3)[graph.view_labels]
    head, *_ = lstsq(roots * features, roots * one_hot)
    expected = (graph.weights * ((features @ head - one_hot) ** 2).sum(axis=1)).sum()
    fit = probe(graph, basis(graph, features))
    assert fit.residual == pytest.approx(expected)
    wrong = (features @ head).argmax(axis=1) != graph.view_labels
    assert fit.error == pytest.approx(graph.weights[wrong].sum())
    assert fit.samples == pytest.approx(1 - graph.mass[np.arange(len(wrong)), (features @ head).argmax(axis=1)].sum())


def test_sharpness_is_the_best_constant_of_a_space():
    graph, rng = connected(2), np.random.default_rng(3)
    values, vectors = spectrum(graph)
    for k in (1, 4):
        assert sharpness(values, vectors, vectors[:, :k]) == pytest.approx(1 / values[k])
    space = basis(graph, np.column_stack([np.ones(len(values)), rng.normal(size=(len(values), 3))]))
    nu = sharpness(values, vectors, space)
    assert nu >= 1 / values[4] - 1e-9
    laplacian = np.eye(len(values)) - normalised_adjacency(graph)
    functions = np.concatenate([rng.normal(size=(500, len(values))), (vectors / np.maximum(values, 1e-3)).T])
    residuals = ((functions - functions @ space @ space.T) ** 2).sum(axis=1)
    energies = np.einsum("ij,jk,ik->i", functions, laplacian, functions)
    assert (residuals <= nu * energies + 1e-9).all()
    outside = np.eye(len(values)) - space @ space.T
    pseudo = np.linalg.pinv(laplacian, rcond=1e-9)
    worst = pseudo @ outside @ np.linalg.eigh(outside @ pseudo @ outside)[1][:, -1]
    assert ((outside @ worst) ** 2).sum() == pytest.approx(nu * (worst @ laplacian @ worst))
    assert sharpness(values, vectors, basis(graph, rng.normal(size=(len(values), 3)))) == np.inf


def test_the_loss_of_a_world_is_that_of_its_graph():
    point, build = unit_worlds(np.random.default_rng(4))
    world = build(point)
    graph = graph_of_nodes(view_nodes(world), world.labels)
    features = world.features.reshape(-1, world.features.shape[2])
    first = np.unique(view_nodes(world), return_index=True)[1]
    f = features[first]
    expected = haochen.edge_loss(graph.joint, graph.weights[:, None], graph.weights, f @ f.T).sum()
    assert haochen.spectral_loss(world.features) == pytest.approx(expected)


def test_equal_views_are_one_node_and_components_are_counted():
    views = np.array([[[0.0], [1.0]], [[1.0], [2.0]], [[-0.0], [2.0]], [[5.0], [6.0]]])
    world = FiniteWorld(views, np.ones((4, 2, 1)), np.array([0, 1, 0, 1]))
    assert view_nodes(world).tolist() == [[0, 1], [1, 2], [0, 2], [3, 4]]
    assert graph_of_nodes(view_nodes(world), world.labels).components == 2


def test_a_graph_of_three_views_by_hand():
    """The second view is one of samples of both classes, as often of either: the first class has it."""
    graph = ViewGraph(np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]]), np.array([0, 1, 1]))
    assert graph.joint == pytest.approx(np.array([[1, 1, 0], [1, 2, 1], [0, 1, 5]]) / 12)
    assert graph.mass == pytest.approx(np.array([[1, 0], [1, 1], [0, 3]]) / 6)
    assert graph.weights == pytest.approx(np.array([1, 2, 3]) / 6)
    assert graph.view_labels.tolist() == [0, 0, 1]
    assert (graph.ambiguity, graph.inconsistency) == (pytest.approx(1 / 6), pytest.approx(2 / 12))
    assert graph.components == 1


def cells(k=40):
    """Digits as 64 pixels; views: shifts by up to one pixel; the cell of each view among k."""
    images, labels = load_digits(return_X_y=True)
    images, labels = images[:600].reshape(-1, 8, 8), labels[:600]
    shifts = [(0, 0), (0, 1), (1, 0), (0, -1), (-1, 0)]
    views = np.stack([np.roll(images, shift, axis=(1, 2)) for shift in shifts], axis=1).reshape(600, 5, 64)
    means = KMeans(k, n_init=1, random_state=0).fit(views.reshape(-1, 64))
    return means.labels_.reshape(600, 5), labels


def test_on_digits_it_says_something_where_views_share_cells_and_nothing_where_they_share_none():
    nodes, labels = cells()
    graph = graph_of_nodes(nodes, labels)
    values, vectors = spectrum(graph)
    assert graph.components == 1
    bounds = [haochen.error_bound(graph.inconsistency, 1 / values[k]) for k in (1, 4, 10)]
    errors = [probe(graph, vectors[:, :k]).error for k in (1, 4, 10)]
    assert all(error <= bound for error, bound in zip(errors, bounds, strict=True))
    assert bounds[0] > bounds[1] > 1 > bounds[2] > errors[2]
    vertices = np.eye(40)[nodes]
    spectral, own = haochen.findings(FiniteWorld(vertices, vertices, labels))
    assert not spectral.silence
    assert spectral.measured <= spectral.bound < 1
    assert own.bound == pytest.approx(graph.ambiguity) == own.measured
    apart = np.concatenate([vertices, np.random.default_rng(0).normal(size=(600, 5, 1))], axis=2)
    none = haochen.findings(FiniteWorld(apart, vertices, labels))
    assert [finding.bound for finding in none] == [np.inf, np.inf]
    assert "3000 different views form 600 components: lambda_21 = 0" in none[0].silence


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_statement_reads_one_over_the_next_eigenvalue_where_it_is_positive(k):
    graph = connected()
    values, _ = spectrum(graph)
    phi, ambiguity = graph.inconsistency, graph.ambiguity
    features = np.random.default_rng(1).normal(size=(len(graph.joint), 2))
    reading = haochen._read_probe(haochen.Encoded(graph, features, k))
    assert reading.right[:3] == pytest.approx([phi / values[k], 2 * phi / values[k], 2 * phi / values[k] + ambiguity])
    assert reading.trivial == 1.0
    assert reading.met
    halves = ViewGraph(np.kron(np.eye(2), np.full((2, 2), 0.5)), np.array([0, 0, 1, 1]))
    assert not haochen._read_probe(haochen.Encoded(halves, np.eye(4), 1)).met
    assert haochen._read_probe(haochen.Encoded(halves, np.eye(4), 2)).met
    assert len(haochen._read_probe(haochen.Encoded(halves, np.ones((4, 1)), 2)).right) == 3
