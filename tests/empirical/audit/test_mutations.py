"""Mutated certificates and checkpoints: no false claim is accepted, nothing but one line comes of a broken file."""

import contextlib
import copy
import json
import random
from decimal import Decimal

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from empirical.audit import load_encoder
from empirical.audit.certificate import decimal, write
from empirical.audit.check import array_digest, check, digest
from tests.empirical.audit.refusals import images
from theory.factors import view_diameters
from theory.theorem1 import Anchors, anchored_world, certify_population


def places(value, path=()):
    """Every entry of nested lists and dictionaries, as a path."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


WILD = [
    "0",
    "1",
    "-1",
    "0.5",
    "1e18",
    "NaN",
    "9" * 300,
    "-0",
    "",
    None,
    True,
    0,
    1,
    -1,
    2**63,
    10**40,
    1.5,
    [],
    {},
    [0],
    "a",
]


TOPS = ("exact", "anchored", "population", "population", "data", "features")
"""Parts of a certificate, that of the population twice as often as the others."""


def mutate(value, rng):
    """Another value in place of this one: near it, of another kind, or wild."""
    if isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit() and rng.random() < 0.8:
        number = float(value)
        step = rng.choice([-1, 1]) * 10 ** rng.uniform(-17, 1)
        near = [number + step, number * 2, -number, np.nextafter(number, rng.choice([-9, 9]))]
        return decimal(rng.choice(near))
    if type(value) is bool:
        return not value
    if type(value) is int and rng.random() < 0.8:
        return value + rng.choice([-2, -1, 1, 2, 10**6])
    if isinstance(value, list) and value and rng.random() < 0.8:
        changed = list(value)
        kind = rng.randrange(4)
        if kind == 0:
            changed.pop(rng.randrange(len(changed)))
        elif kind == 1:
            changed.insert(rng.randrange(len(changed) + 1), rng.choice(changed))
        elif kind == 2:
            rng.shuffle(changed)
        else:
            changed = changed[: rng.randrange(len(changed))]
        return changed
    return rng.choice(WILD)


def mutated(original, rng):
    """The content with one to three entries changed, exchanged or removed."""
    content = copy.deepcopy(original)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        top = rng.choice(TOPS)
        path = rng.choice([(top, *p) for p in places(content[top])] or [(top,)])
        parent = content
        for key in path[:-1]:
            parent = parent[key]
        kind = rng.random()
        if kind < 0.85:
            parent[path[-1]] = mutate(parent[path[-1]], rng)
        elif kind < 0.95 and isinstance(parent, list | dict) and len(parent) > 1:
            other = rng.choice([key for key, *_ in places(parent)])
            parent[path[-1]], parent[other] = parent[other], parent[path[-1]]
        else:
            parent.pop(path[-1])
        if not isinstance(content.get(top), dict):
            break
    content["digest"] = digest(content)
    return content


def is_true(content, found):
    """Whether what an accepted certificate claims is so, by the code that certifies, with the anchors claimed."""
    exact, population = content["exact"], content["population"]
    anchors = Anchors(
        np.array([[float(x) for x in row] for row in population["anchors"]]),
        np.array([float(c["radius"]) for c in population["classes"]]),
        np.isin(np.arange(len(population["classes"])), population["hoped"]),
    )
    level = float(population["level"])
    sure = certify_population(found.features, found.labels, view_diameters(found.features), anchors, level)
    return (
        Decimal(exact["error"]) >= Decimal(found.exact.error_any_view)
        and float(exact["measured_error_any_view"]) == found.exact.error_any_view
        and float(content["anchored"]["error"]) >= anchored_world(found.features, found.labels, anchors)[0] - 1e-15
        and float(population["error"]) >= sure.errors["anchored"] - 1e-15
        and content["features"]["features_sha256"] == array_digest(found.features)
    )


def problems_of(path):
    """What the checker says, be it a list of problems or one line."""
    with contextlib.suppress(ValueError):
        return check(path)
    return ["refused"]


def attack_certificates(found, folder, seed, count):
    """How many of `count` mutations the checker accepts; none of those may claim what is not so."""
    path, _ = write(found, folder)
    original, rng, accepted = json.loads(path.read_text()), random.Random(seed), 0
    for _ in range(count):
        content = mutated(original, rng)
        path.write_text(json.dumps(content))
        if not problems_of(path):
            accepted += 1
            assert is_true(content, found), content
    return accepted


def test_no_mutated_certificate_makes_a_false_claim(found, tmp_path):
    assert attack_certificates(found, tmp_path, 0, 300) < 150


@pytest.mark.slow
def test_none_of_ten_thousand_mutated_certificates_makes_a_false_claim(found, tmp_path):
    assert 0 < attack_certificates(found, tmp_path, 1, 10_000) < 5_000


def broken(content, rng):
    """The bytes with some of them changed, inserted, repeated or cut off."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 20])):
        place, kind = rng.randrange(len(changed)), rng.randrange(5)
        if kind == 0:
            changed[place] ^= 1 << rng.randrange(8)
        elif kind == 1:
            changed[place : place + 4] = rng.randbytes(4)
        elif kind == 2:
            changed[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 3:
            changed[place:place] = changed[place : place + 64]
        else:
            del changed[place : place + rng.randrange(1, 1 + len(changed) // 4)]
        changed = changed or bytearray(b"x")
    return bytes(changed)


def backbone():
    """A factory of a small network."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def attack_checkpoints(folder, seed, count):
    """How many of `count` broken checkpoints are refused; the others hold weights of the encoder's shapes."""
    state, rng, refusals = backbone().state_dict(), random.Random(seed), 0
    plain, nested = {f"module.{k}": v for k, v in state.items()}, {"epoch": 3, "state_dict": state}
    files = []
    for i, content in enumerate((plain, nested)):
        torch.save(content, folder / f"{i}.pt")
        torch.save(content, folder / f"{i}.pth", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(state, folder / "0.safetensors")
    files = [(path.suffix, path.read_bytes()) for path in sorted(folder.iterdir())]
    for _ in range(count):
        suffix, content = rng.choice(files)
        path = folder / f"broken{suffix}"
        path.write_bytes(broken(content, rng))
        said = ""
        try:
            loaded = load_encoder(f"{__name__}:backbone", {}, path, None, images(4)).module.state_dict()
        except ValueError as error:
            said = str(error)
        if said:
            refusals += 1
            assert said.isprintable()
        else:
            assert {k: v.shape for k, v in loaded.items()} == {k: v.shape for k, v in state.items()}
    return refusals


@pytest.mark.filterwarnings("ignore")  # of torch, about pickles of other versions
def test_broken_checkpoints_are_refused_or_fit(tmp_path):
    assert attack_checkpoints(tmp_path, 0, 60) > 20


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_thousand_broken_checkpoints_are_refused_or_fit(tmp_path):
    assert 300 < attack_checkpoints(tmp_path, 1, 1000) < 1000
