"""The certificate of every view of a box, and a checker that is not fooled."""

import copy
import json
import random
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import safetensors.numpy
import torch

from empirical.audit.certificate import write
from empirical.audit.check import check, digest
from empirical.audit.check_every_view import PROOFS, Replay, _owns, arrays_digest, every_view_problems
from empirical.audit.page import page
from empirical.audit.report import report
from empirical.evaluation.heads import simplex
from tests.empirical.audit.every_view import certified, halves, made
from tests.empirical.audit.test_mutations import TOPS, mutated, problems_of
from theory.theorem1.certificates.vertex import certify_vertices, exact_vertices, owned_vertices


@pytest.fixture(scope="module")
def found():
    return certified()


def all_proved(found):
    """As if every image were proved at the vertex of its class."""
    return np.ones(160, dtype=bool), found.labels, found.labels


def test_a_drawn_view_against_a_proof_makes_the_audit_false(found, written):
    assert replace(found, continuous=replace(found.continuous, exact=exact_vertices(*all_proved(found)))).false
    features = found.features.copy()
    i = int(np.flatnonzero(found.continuous.having("proved"))[0])
    features[i, 1] = simplex(2)[1 - found.continuous.verdicts[i].cluster]
    audit = replace(found, features=features, continuous=replace(found.continuous, contradicted=1))
    assert audit.false
    assert "do not rely on this audit" in " ".join(report(audit).split())
    content = json.loads((written / "certificate.json").read_text())
    assert list(every_view_problems(content, written, features, found.labels, Replay(1))) == [
        f"continuous: a drawn view of image {i} is not at the vertex that is proved of all"
    ]


@pytest.fixture(scope="module")
def written(found, tmp_path_factory):
    """The folder of a certificate."""
    folder = tmp_path_factory.mktemp("certificate")
    write(found, folder)
    return folder


@pytest.fixture
def copied(written, tmp_path):
    """A copy of it, and its content."""
    for path in written.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path, json.loads((tmp_path / "certificate.json").read_text())


def renewed(folder, content):
    """What the check says of the content with a digest that fits."""
    content["digest"] = digest(content)
    (folder / "certificate.json").write_text(json.dumps(content))
    return problems_of(folder / "certificate.json")


def test_the_certificate_stands_with_every_proof(copied):
    assert check(copied[0] / "certificate.json") == []


def lowered(text, by=1e-3):
    return format(max(float(text) - by, 0.0), ".17f")


def raised(text, by=1e-3):
    return format(float(text) + by, ".17f")


def of_class(k, key, change):
    def edit(entry):
        c = entry["population"]["classes"][k]
        c[key] = change(c[key])

    return edit


EDITS = {
    "exact error": lambda e: e["exact"].update(error=lowered(e["exact"]["error"])),
    "exact classes met": lambda e: e["exact"].update(met=[0]),
    "population error": lambda e: e["population"].update(error=lowered(e["population"]["error"])),
    "level": lambda e: e["population"].update(level="0.99"),
    "level that is none": lambda e: e["population"].update(level="1"),
    "fewer events": lambda e: e["population"].update(events=4),
    "another union bound": lambda e: e["population"].update(union_bound="none"),
    "pooled mass": lambda e: e["population"].update(pooled_mass=raised(e["population"]["pooled_mass"])),
    "alpha": of_class(0, "alpha", raised),
    "mass": of_class(1, "mass", raised),
    "margin": of_class(0, "margin", raised),
    "a class left out": lambda e: e["population"]["classes"].pop(),
    "a class twice": lambda e: e["population"]["classes"].append(e["population"]["classes"][0]),
    "shared anchors": lambda e: e.update(anchors=[0, 0]),
    "exchanged anchors": lambda e: e.update(anchors=[1, 0]),
    "an anchor too many": lambda e: e.update(anchors=[0, 1, None]),
    "an anchor out of range": lambda e: e.update(anchors=[0, 7]),
    "more proved": lambda e: e.update(proved=e["proved"] + 1),
    "a wider box": lambda e: e["ranges"].update(rotation="30"),
    "a negative range": lambda e: e["ranges"].update(shift="-0.06"),
    "another claim": lambda e: e.update(claim="all is well"),
    "a network without its end": lambda e: e["network"].pop(),
    "a stride": lambda e: e["network"][1].update(stride=[2, 2]),
    "another digest of the proofs": lambda e: e.update(arrays_sha256="0" * 64),
    "an entry more": lambda e: e.update(more=1),
    "an entry less": lambda e: e.pop("cells"),
    "another file": lambda e: e.update(file="../features.safetensors"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_certificate_does_not_stand(name, copied):
    folder, content = copied
    EDITS[name](content["continuous"])
    said = renewed(folder, content)
    assert said
    assert not any("\n" in line for line in said)


def test_every_crop_is_proved_and_replayed_likewise(tmp_path):
    audit = made(views="mild-crop:down=0.15", boxes=2)
    continuous = audit.continuous
    assert all(continuous.having(status).any() for status in ("proved", "refuted"))
    assert continuous.exact.error < 0.2
    assert not audit.false
    assert [one.parts for one in continuous.borne] == [("across",), ("down",)]
    for words in ("up to 10% of the width cut off, up to 15% of the height cut off", "across only", "down only"):
        assert words in " ".join(report(audit).split())
    assert "cut off at the bottom." in page(audit)
    write(audit, tmp_path)
    assert check(tmp_path / "certificate.json") == []
    content = json.loads((tmp_path / "certificate.json").read_text())
    for across in ("0.9", "1.1"):  # wider than what was proved; no share
        for ranges in (content["continuous"]["ranges"], content["views"]["parameters"]):
            ranges["across"] = across if ranges is content["continuous"]["ranges"] else float(across)
        assert renewed(tmp_path, content)
    content["continuous"]["ranges"] = {"rotation": "1", "shear": "0", "scale": "0", "shift": "0"}
    content["views"]["parameters"] = {"rotation": 1.0, "shear": 0.0, "scale": 0.0, "shift": 0.0}
    assert renewed(tmp_path, content) == ["continuous: views of 4 coordinates, the box has 6"]


def test_mirror_images_are_proved_and_replayed_likewise(tmp_path):
    audit = made(views="crop+flip:across=0.1,down=0.1")
    assert audit.continuous.having("proved").mean() > 0.8
    write(audit, tmp_path)
    assert check(tmp_path / "certificate.json") == []
    content = json.loads((tmp_path / "certificate.json").read_text())
    content["continuous"]["ranges"]["flip"] = "0.5"
    assert renewed(tmp_path, content)
    with pytest.raises(ValueError, match="write mild:flip_probability"):
        made(views="mild+flip")


def test_neither_do_edited_proofs_with_digests_that_fit(copied):
    """A refuted image is called proved by the tree of another; so are the counts."""
    folder, content = copied
    arrays = safetensors.numpy.load_file(folder / PROOFS)
    refuted, one = int((arrays["status"] == 2).argmax()), int((arrays["lengths"] == 1).argmax())
    assert arrays["trees"][arrays["lengths"][:one].sum()] == 255
    start = int(arrays["lengths"][:refuted].sum())
    arrays["trees"] = np.insert(arrays["trees"], start, 255)
    arrays["lengths"][refuted] = arrays["status"][refuted] = 1
    (folder / PROOFS).write_bytes(safetensors.numpy.save(arrays))
    entry = content["continuous"]
    entry["proved"], entry["refuted"] = entry["proved"] + 1, entry["refuted"] - 1
    entry["arrays_sha256"] = arrays_digest(arrays)
    said = renewed(folder, content)
    assert [line for line in said if "not proved" in line]
    assert len(said) == 1


def test_proofs_of_a_part_of_the_images_are_replayed_in_order():
    assert Replay(None).rows(3) == [0, 1, 2]
    assert Replay(16).rows(3) == [0, 1, 2]
    assert Replay(3).rows(10) == [0, 3, 6]


def claims_no_more(content, found):
    """Whether what an accepted entry claims is so, by the code that certifies, with the anchors claimed."""
    entry, continuous = content["continuous"], found.continuous
    anchors = np.array([-1 if vertex is None else vertex for vertex in entry["anchors"]])
    clusters = np.array([verdict.cluster for verdict in continuous.verdicts])
    level = float(entry["population"]["level"])
    sure = certify_vertices(continuous.having("proved"), clusters, found.labels, anchors, level)
    warp = {name: float(value) for name, value in entry["ranges"].items()}
    return (
        float(entry["exact"]["error"]) >= continuous.exact.error - 1e-15
        and float(entry["population"]["error"]) >= sure.error - 1e-15
        and warp == continuous.box.source.describe()
        and entry["proved"] == continuous.having("proved").sum()
    )


def test_no_mutated_entry_makes_a_false_claim(found, copied, monkeypatch):
    """Proofs are the same in all; that they are replayed other tests see."""
    monkeypatch.setattr("empirical.audit.check_every_view.problems", lambda *_: iter(()))
    folder, original = copied
    rng, accepted = random.Random(0), 0
    for _ in range(120):
        entry = mutated(dict.fromkeys(TOPS, original["continuous"]), rng)
        changed = next((entry[top] for top in TOPS if entry.get(top) != original["continuous"]), original["continuous"])
        content = copy.deepcopy(original) | {"continuous": changed}
        if not renewed(folder, content):
            accepted += 1
            assert claims_no_more(content, found), content["continuous"]
    assert 0 < accepted < 60


def test_vertices_are_owned_as_the_certifying_code_says():
    rng, owned = np.random.default_rng(0), 0
    for _ in range(200):
        K, J = rng.integers(2, 5, 2)
        counts, unproved = rng.integers(0, 4, (K, J)), rng.integers(0, 3, K)
        counts[:, 0] += counts.sum(axis=1) + unproved == 0
        totals = (counts.sum(axis=1) + unproved).tolist()
        says = [[_owns(k, i, counts.tolist(), totals) for i in range(J)] for k in range(K)]
        assert says == owned_vertices(counts, unproved).tolist()
        owned += np.sum(says)
    assert owned > 50


def test_a_vertex_is_owned_whatever_the_unproved_do():
    """Against all laws on a grid of the simplex."""
    rng, grid = np.random.default_rng(1), [q for q in product(range(5), repeat=3) if sum(q) == 4]
    for _ in range(60):
        counts, unproved = rng.integers(0, 4, (2, 3)), rng.integers(0, 3, 2)
        counts[:, 0] += counts.sum(axis=1) + unproved == 0
        totals = counts.sum(axis=1) + unproved
        means = [[(counts[k] + unproved[k] * np.array(q) / 4) / totals[k] for q in grid] for k in (0, 1)]
        for i in range(3):
            own, rival = ([np.linalg.norm(mean - np.eye(3)[i]) for mean in means[k]] for k in (0, 1))
            if abs(max(own) - min(rival)) > 1e-9:
                assert _owns(0, i, counts.tolist(), totals.tolist()) == (max(own) < min(rival))


def test_classes_that_share_a_vertex_leave_the_others_certified(tmp_path):
    """Every other bright image is of a third class; the checker takes the anchors for what they are, and no more."""
    data = halves()
    third = [labels * (1 + torch.arange(len(labels)) // 2 % 2) for labels in (data.fit_labels, data.labels)]
    data = replace(data, class_names=("dark", "bright", "too"), fit_labels=third[0], labels=third[1])
    audit = made(data=data)
    continuous = audit.continuous
    assert continuous.anchors.tolist() == [0, 1, 1]
    assert [c.met for c in continuous.population.classes] == [True, False, False]
    assert audit.exact.error_any_view <= continuous.population.error < 0.7
    write(audit, tmp_path)
    assert check(tmp_path / "certificate.json") == []
    content = json.loads((tmp_path / "certificate.json").read_text())
    content["continuous"]["population"]["classes"][1]["met"] = True
    assert any("the condition does not hold" in line for line in renewed(tmp_path, content))
