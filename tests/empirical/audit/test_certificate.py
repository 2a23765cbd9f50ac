"""The certificate of an audit, and a checker that is not fooled."""

import json
from fractions import Fraction

import numpy as np
import pytest
import safetensors.numpy
from scipy.stats import beta

from empirical.audit import audit
from empirical.audit.certificate import at_least, decimal, write
from empirical.audit.check import below, check, digest, mean_radius, pairwise_within
from tests.empirical.audit.planted import data, flatten, planted_audit, shaken
from theory.population import clopper_pearson, refined_mean_radius


@pytest.fixture(scope="module")
def found():
    return planted_audit()


def rewritten(path, change, renew=True):
    """The certificate after `change`, with a digest that fits unless told otherwise."""
    content = json.loads(path.read_text())
    change(content)
    if renew:
        content["digest"] = digest(content)
    path.write_text(json.dumps(content))


@pytest.fixture(scope="module")
def by_balls():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("empirical.audit.diagnosis.CLIQUES", 20)
        return planted_audit()


@pytest.fixture(params=["cliques", "balls"])
def written(found, by_balls, tmp_path, request):
    one = found if request.param == "cliques" else by_balls
    assert one.diagnosis.search == request.param
    return write(one, tmp_path)


def test_a_certificate_stands(written):
    path, features = written
    assert check(path) == []
    assert check(path, features) == []
    content = json.loads(path.read_text())
    assert float(content["exact"]["error"]) < 0.1
    assert all(c["met"] for c in content["exact"]["classes"])


def test_certificates_of_continuous_features_stand_too(tmp_path):
    """eps and reach are then distances that the checker evaluates in another way, to the last bit or nearly."""
    for seed in range(3):
        one = audit(flatten(), data(120, noise=0.02, seed=seed), shaken, head="centred", m=3, seed=seed, progress=False)
        assert one.exact.best.error < 1
        assert max(v.eps for v in one.exact.best.classes) > 0
        assert check(write(one, tmp_path / str(seed))[0]) == []


def test_features_may_come_as_npz(written, tmp_path):
    path, features = written
    np.savez(tmp_path / "mine.npz", **safetensors.numpy.load_file(features))
    assert check(path, tmp_path / "mine.npz") == []


def raised(content, *keys, by=1e-3):
    *parents, last = keys
    for key in parents:
        content = content[key]
    content[last] = decimal(float(content[last]) + by)


TAMPERED = {
    "exact error lowered": lambda c: raised(c, "exact", "error", by=-1e-3),
    "alpha raised": lambda c: raised(c, "exact", "classes", 0, "alpha"),
    "a member added": lambda c: c["exact"]["classes"][0]["members"].append(
        min(set(range(0, 240, 3)) - set(c["exact"]["classes"][0]["members"]))
    ),
    "a member repeated": lambda c: c["exact"]["classes"][0]["members"].append(c["exact"]["classes"][0]["members"][0]),
    "a member of another class": lambda c: c["exact"]["classes"][0]["members"].append(1),
    "a member out of range": lambda c: c["exact"]["classes"][0]["members"].append(10_000),
    "a negative member": lambda c: c["exact"]["classes"][0]["members"].append(-3),
    "margin raised": lambda c: raised(c, "exact", "classes", 1, "margin"),
    "R lowered": lambda c: raised(c, "exact", "classes", 1, "R", by=-1e-3),
    "measured error lowered": lambda c: raised(c, "exact", "measured_error_any_view", by=-1e-2),
    "an unknown form": lambda c: c["exact"].update(form="best"),
    "classes dropped": lambda c: c["exact"]["classes"].pop(),
    "anchored error lowered": lambda c: raised(c, "anchored", "error", by=-1e-3),
    "an anchored margin raised": lambda c: raised(c, "anchored", "margins", 0, by=1e-6),
    "an anchored margin dropped": lambda c: c["anchored"]["margins"].pop(),
    "no anchored error": lambda c: c.pop("anchored"),
    "level lowered": lambda c: c["population"].update(level=decimal(0.5)),
    "level raised": lambda c: c["population"].update(level=decimal(0.999)),
    "level no probability": lambda c: c["population"].update(level=decimal(1.5)),
    "fewer events": lambda c: c["population"].update(events=1),
    "population error lowered": lambda c: raised(c, "population", "error", by=-1e-3),
    "population alpha raised": lambda c: raised(c, "population", "classes", 0, "alpha", by=0.02),
    "population mass raised": lambda c: raised(c, "population", "classes", 0, "mass", by=0.02),
    "a hoped class counted twice": lambda c: c["population"]["hoped"].append(0),
    "a negative reach": lambda c: c["exact"]["classes"][0].update(reach=decimal(-1.0)),
    "pooled mass raised": lambda c: raised(c, "population", "pooled_mass", by=0.02),
    "radius negative": lambda c: raised(c, "population", "classes", 0, "radius", by=-3),
    "an anchor moved": lambda c: raised(c, "population", "anchors", 0, 0, by=0.3),
    "anchors dropped": lambda c: c["population"]["anchors"].pop(),
    "not a number": lambda c: c["population"].update(error="NaN"),
    "a float for a decimal": lambda c: c["exact"].update(error=0.01),
    "a part missing": lambda c: c.pop("population"),
    "a part added": lambda c: c["exact"].update(note="error <= 0"),
    "another claim": lambda c: c["population"].update(claim="holds  population: error <= 0.000000"),
    "no claim": lambda c: c["exact"].pop("claim"),
    "another direction": lambda c: c["exact"].update(direction="exact"),
    "another union bound": lambda c: c["population"].update(union_bound="one event"),
    "met a number": lambda c: c["exact"]["classes"][0].update(met=10**6),
    "met a word": lambda c: c["exact"]["classes"][0].update(met="false"),
    "a member as a word": lambda c: c["exact"]["classes"][0]["members"].append("1"),
    "a member as a float": lambda c: c["exact"]["classes"][0]["members"].append(1.5),
    "hoped no list": lambda c: c["population"].update(hoped="012"),
    "hoped a float": lambda c: c["population"].update(hoped=[1.5]),
    "an anchor too short": lambda c: c["population"]["anchors"][0].pop(),
    "a main part about nothing": lambda c: c["exact"]["classes"][0].update(anchor=[]),
    "a signalling NaN": lambda c: c["exact"].update(error="sNaN"),
    "alpha lowered": lambda c: raised(c, "exact", "classes", 0, "alpha", by=-2),
    "population margin raised": lambda c: raised(c, "population", "classes", 0, "margin", by=1),
    "mean radius lowered": lambda c: raised(c, "population", "classes", 0, "mean_radius", by=-1e-3),
    "another shape": lambda c: c["features"].update(shape=[10**9, 3, 3]),
    "more images": lambda c: c["data"].update(certifying_images=10**9),
    "a features hash": lambda c: c["features"].update(features_sha256="0" * 64),
    "a labels hash": lambda c: c["features"].update(labels_sha256="0" * 64),
}
WITHOUT_RENEWING = {
    "a weights hash": lambda c: c["encoder"].update(weights_sha256="0" * 64),
    "a data hash": lambda c: c["data"].update(sha256="0" * 64),
    "another encoder's name": lambda c: c["encoder"].update(name="mine"),
    "another seed": lambda c: c.update(seed=7),
    "another version": lambda c: c["versions"].update(torch="1.0"),
}
QUIETER = {"level lowered"}


@pytest.mark.parametrize("name", [name for name in TAMPERED if name not in QUIETER])
def test_a_tampered_certificate_fails_even_with_a_fresh_digest(written, name):
    rewritten(written[0], TAMPERED[name])
    assert check(written[0])


@pytest.mark.parametrize("name", [*TAMPERED, *WITHOUT_RENEWING])
def test_a_tampered_certificate_fails_by_its_digest(written, name):
    rewritten(written[0], (TAMPERED | WITHOUT_RENEWING)[name], renew=False)
    assert any("digest" in line or "malformed" in line for line in check(written[0]))


@pytest.mark.parametrize("what", ["feature", "label", "sample", "dtype", "norm"])
def test_tampered_features_fail_even_where_their_hashes_are_renewed(written, what):
    """One feature of a main part's member moved to another class, one label flipped, a sample repeated."""
    from empirical.audit.check import array_digest

    path, file = written
    arrays = safetensors.numpy.load_file(file)
    features, labels = arrays["features"].copy(), arrays["labels"].copy()
    member = json.loads(path.read_text())["exact"]["classes"][0]["members"][0]
    if what == "feature":
        features[member, 0] = features[json.loads(path.read_text())["exact"]["classes"][1]["members"][0], 0]
    elif what == "label":
        labels[member] = 1
    elif what == "sample":
        features[member + 3] = -features[member]
    elif what == "dtype":
        features = features.astype(np.float32)
    else:
        features = 2 * features
    safetensors.numpy.save_file({"features": features, "labels": labels}, file)
    assert any("are not those" in line or "float64" in line for line in check(path))
    rewritten(
        path,
        lambda c: c["features"].update(features_sha256=array_digest(features), labels_sha256=array_digest(labels)),
    )
    assert check(path)


def test_a_single_class_is_no_certificate(written):
    """Without a rival there is no condition to check: said, not raised."""
    from empirical.audit.check import array_digest

    path, file = written
    arrays = safetensors.numpy.load_file(file)
    arrays["labels"] = np.zeros_like(arrays["labels"])
    safetensors.numpy.save_file(arrays, file)

    def alone(content):
        content["data"]["class_names"] = ["all"]
        content["features"]["labels_sha256"] = array_digest(arrays["labels"])

    rewritten(path, alone)
    assert any("1 classes are named" in line for line in check(path))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 0.99])
def test_truncated_files_are_named(written, share):
    path, features = written
    whole = features.read_bytes()
    features.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"features\.safetensors"):
        check(path)
    features.write_bytes(whole)
    text = path.read_text()
    path.write_text(text[: int(share * len(text))])
    with pytest.raises(ValueError, match=r"certificate\.json"):
        check(path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 2, "format": 2}', "[]", "3", '{"format": 1}', "\x00"])
def test_what_is_no_certificate_is_refused(tmp_path, text):
    (tmp_path / "certificate.json").write_text(text)
    with pytest.raises(ValueError, match=r"certificate\.json"):
        check(tmp_path / "certificate.json")


@pytest.mark.parametrize("content", [b"PK\x03\x04garbage", b"", b"PK\x05\x06" + bytes(18)])
def test_features_that_are_no_npz_are_refused(written, tmp_path, content):
    (tmp_path / "t.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"t\.npz"):
        check(written[0], tmp_path / "t.npz")
    with pytest.raises(ValueError, match=r"cannot be looked for"):
        check(written[0], tmp_path / ("x" * 5000))


def test_samples_just_apart_are_not_within_reach_0():
    """Their norms are off by what the checker lets pass; one product of unit vectors would not tell them apart."""
    length, angle = 1 + 0.9e-9, 5e-5
    a, b = (length * np.array([[np.cos(t), np.sin(t)]] * 2) for t in (0, angle))
    assert not pairwise_within(np.stack([a, b]), 1e-11)
    assert pairwise_within(np.stack([a, b]), 1.001 * angle)


@pytest.mark.parametrize(("n", "correct"), [(10, 9), (3, 1), (7, 7), (597, 566)])
def test_a_share_is_written_as_no_less_than_it_is(n, correct):
    exact = 1 - Fraction(correct, n)
    assert 0 <= Fraction(decimal(at_least(exact))) - exact <= Fraction(1, 2**53)


def test_missing_files_are_named(written, tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        check(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match="nowhere"):
        check(written[0], tmp_path / "nowhere.npz")
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    with pytest.raises(ValueError, match="features and labels are needed"):
        check(written[0], tmp_path / "other.npz")


def test_a_failed_write_leaves_no_certificate(found, tmp_path, monkeypatch):
    """A certificate that does not pass its own check is an error, not a file to hand out."""
    monkeypatch.setattr("empirical.audit.certificate.check", lambda *_: ["wrong"])
    with pytest.raises(ArithmeticError, match="wrong"):
        write(found, tmp_path)


def test_the_checkers_own_formulas_agree_with_the_theory():
    """Two codes, one meaning: Clopper-Pearson by the tail at the end, and the radius of a mean."""
    for n, s in ((20, 3), (60, 48), (597, 565), (5, 5)):
        for level in (0.9, 0.999):
            end = clopper_pearson(s, n, level, "lower").low
            assert below(end, s, n, 1 - level)
            assert not below(end * (1 + 1e-4) if s < n else end * 1.001, s, n, 1 - level)
            assert end == pytest.approx(beta.ppf(1 - level, s, n - s + 1), rel=1e-9)
    for norm, n, level in ((0.9, 60, 0.999), (0.1, 500, 0.95), (1.0, 3, 0.5)):
        assert mean_radius(norm, n, 1 - level) == pytest.approx(refined_mean_radius(norm, n, level, 1.0), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_pairwise_within_agrees_with_direct_evaluation(seed):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(9, 2, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    features[3] = features[5]
    gaps = np.linalg.norm(features[:, None, :, None] - features[None, :, None], axis=4).min(axis=(2, 3))
    assert pairwise_within(features, gaps.max())
    assert not pairwise_within(features, np.nextafter(gaps.max(), 0) * (1 - 1e-12))
