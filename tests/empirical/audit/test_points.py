"""Points in an audit: what is written stands, what is changed does not, and features of many values have none."""

import copy
import json
import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from empirical.audit import audit
from empirical.audit.certificate import decimal, write
from empirical.audit.check import check, digest
from empirical.audit.page import page
from empirical.audit.report import as_json, report
from tests.empirical.audit.test_audit import data, flatten, planted_audit, shaken
from tests.empirical.audit.test_mutations import mutate, places
from theory.theorem1 import Points, certify_points


@pytest.fixture(scope="module")
def found():
    return planted_audit()


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    return write(found, tmp_path_factory.mktemp("points"))[0]


def changed(path, content):
    """The certificate with this content and a digest that fits, beside the same features."""
    content["digest"] = digest(content)
    target = path.parent / "changed.json"
    target.write_text(json.dumps(content))
    return target


def test_the_planted_classes_own_a_point_each(found):
    points, certified = found.points
    assert sorted(points.owners.tolist()) == [0, 1, 2]
    assert all(c.met for c in certified.classes)
    assert found.exact.error_any_view < certified.error < 0.3
    again = certify_points(found.features, found.labels, points, found.level)
    assert again.error == certified.error


def test_points_are_chosen_without_the_certifying_half(found):
    halves = data(240, wrong=0.05)
    shuffled = audit(
        flatten(),
        type(halves)(
            "planted",
            halves.class_names,
            halves.fit_images,
            halves.fit_labels,
            1 - halves.images,
            halves.labels.flip(0),
        ),
        shaken,
        head="clusters",
        m=3,
        seed=1,
        progress=False,
    )
    np.testing.assert_array_equal(shuffled.points[0].owners, found.points[0].owners)


def test_what_is_said_names_the_error_and_what_blocks(found):
    assert "By points, 3 of 3 classes are met" in report(found)
    assert "<h2" in page(found)
    assert "Points at 95%" in page(found)
    assert "Err(G_f) &lt;= " in page(found)
    assert as_json(found, "")["points"] == {"level": 0.95, "error": found.points[1].error, "met": 3}
    few = audit(flatten(), data(36, wrong=0.2), shaken, head="clusters", m=3, progress=False)
    assert few.points[1].error == 1
    assert "By points, no class is certified for the population at level 0.95." in report(few)
    assert "of its views are at one point" in report(few)


def test_the_first_point_that_is_not_won_ends_the_row(found, tmp_path):
    points, _ = found.points
    wrong = Points(points.values, np.array([points.owners[0], points.owners[2], points.owners[2]]))
    certified = certify_points(found.features, found.labels, wrong, found.level)
    ended = replace(found, points=(wrong, certified))
    assert certified.won == 1
    for text in (report(ended), page(ended)):
        assert text.count("not proved to be farther from it") == 1
        assert text.count("comes after one that is not won") == 1
    assert check(write(ended, tmp_path)[0]) == []


def test_a_head_of_many_values_has_no_points():
    one = audit(flatten(), data(60), shaken, m=3, progress=False)
    assert one.points is None
    assert "By points" not in report(one)
    assert "Points at" not in page(one)


def test_a_certificate_with_points_stands(written):
    content = json.loads(written.read_text())
    assert check(written) == []
    assert float(content["points"]["error"]) < 0.3
    without = {key: value for key, value in content.items() if key != "points"}
    assert check(changed(written, without)) == []


def raised(content, *keys, by):
    *parents, last = keys
    for key in parents:
        content = content[key]
    content[last] = decimal(float(content[last]) + by)


TAMPERED = {
    "error lowered": lambda c: raised(c, "error", by=-1e-3),
    "pooled mass raised": lambda c: raised(c, "pooled_mass", by=0.02),
    "margin raised": lambda c: raised(c, "margins", 0, by=1e-6),
    "margin dropped": lambda c: c["margins"].pop(),
    "more won": lambda c: c.update(won=c["won"] + 1),
    "fewer won": lambda c: c.update(won=c["won"] - 1),
    "level raised": lambda c: c.update(level=decimal(0.999)),
    "fewer events": lambda c: c.update(events=1),
    "another union bound": lambda c: c.update(union_bound="one event"),
    "a value moved": lambda c: raised(c, "values", 0, 0, by=-1e-3),
    "a value dropped": lambda c: c["values"].pop(),
    "a value too short": lambda c: c["values"][0].pop(),
    "an owner exchanged": lambda c: c["owners"].reverse(),
    "an owner beyond the classes": lambda c: c["owners"].__setitem__(0, 3),
    "an owner less": lambda c: c["owners"].__setitem__(0, None),
    "the order exchanged": lambda c: (c["values"].reverse(), c["owners"].reverse()),
    "another claim": lambda c: c.update(claim="holds  points: error <= 0"),
    "another direction": lambda c: c.update(direction="exact"),
    "a part added": lambda c: c.update(note="error <= 0"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampered_points_fail_even_with_a_fresh_digest(written, name):
    content = json.loads(written.read_text())
    TAMPERED[name](content["points"])
    assert check(changed(written, content))


def test_no_mutation_of_points_makes_a_false_claim_stand(written, found):
    """Entries changed at random: what still stands is true by the code that certifies."""
    original, rng = json.loads(written.read_text()), random.Random(0)
    paths, stood = list(places(original["points"])), 0
    for _ in range(300):
        content = copy.deepcopy(original)
        *parents, last = rng.choice(paths)
        part = content["points"]
        for key in parents:
            part = part[key]
        part[last] = mutate(part[last], rng)
        if check(changed(written, content)):
            continue
        stood += 1
        claim = content["points"]
        points = Points(
            np.array([[float(x) for x in row] for row in claim["values"]]),
            np.array([-1 if owner is None else owner for owner in claim["owners"]]),
        )
        sure = certify_points(found.features, found.labels, points, float(claim["level"]))
        assert Fraction(claim["error"]) >= Fraction(sure.error) - Fraction(1, 10**15)
    assert stood < 200
