"""A theorem of Coq is shown with what its section assumes: nothing that it rests on is left out, nothing else is put in."""

import re

import pytest

from theory.formal import record
from theory.formal import theorems as formal
from theory.formal.contexts import SHARED, context, definitions

BASE = """Section Base.
Variable R : rcfType.
(* twice
   x *)
Definition twice (x : R) := x + x.
Hypothesis closed : False.
Lemma aside : 0 = 0.
Proof. by []. Qed.
End Base.
"""
FILE = """From ContrastiveTheory Require Import Base.

Section Outer.
Variables (R : rcfType) (n : nat).
Variable y : R.            (* a number *)
Variable unused : R.
Hypotheses (n_gt0 : (0 < n)%N) (y0 : y != 0).
Local Notation two := (2%:R : R).
Let fact : 0 < two. Proof. by []. Qed.
Let half : R := twice y / two.

Section Inner.
Hypothesis inner : y = 1.
Definition closed_under x := x = twice y.
Theorem within : half = y.
Proof. by []. Qed.
End Inner.

(* Claim c: a remark on unused *)
Theorem after x : closed_under x -> half = y.
Proof.
by [].
Qed.
End Outer.
"""
FILES = {"Base.v": BASE, "File.v": FILE}


def test_the_hypotheses_of_the_open_sections_and_what_the_statement_uses():
    assert context("within", "File.v", FILES).splitlines() == [
        "(* twice",
        "   x *)",
        "Definition twice (x : R) := x + x.",
        "Variables (R : rcfType) (n : nat).",
        "Variable y : R.            (* a number *)",
        "Hypotheses (n_gt0 : (0 < n)%N) (y0 : y != 0).",
        "Local Notation two := (2%:R : R).",
        "Let half : R := twice y / two.",
        "Hypothesis inner : y = 1.",
    ]


def test_a_closed_section_leaves_its_definitions_alone():
    lines = context("after", "File.v", FILES).splitlines()
    assert "Hypothesis inner : y = 1." not in lines
    assert lines[-1] == "Definition closed_under x := x = twice y."


def test_a_theorem_that_says_everything_itself_has_no_context():
    assert context("alone", "File.v", {"File.v": "Theorem alone : 0 = 0.\nProof. by []. Qed.\n"}) == ""


def test_a_theorem_of_another_file_is_refused():
    with pytest.raises(ValueError, match="theorem='other': is not in the file"):
        context("other", "File.v", FILES)


def test_no_hypothesis_of_the_sources_is_hidden():
    """Sections counted anew, by lines."""
    shown = {theorem.name: theorem.whole for theorem in formal.theorems()}
    hidden, seen = [], 0
    for text in record.sources().values():
        sections = [[]]
        for line in text.splitlines():
            if line.startswith("Section "):
                sections.append([])
            elif line.startswith("End "):
                sections.pop()
            elif line.startswith("Hypothes"):
                sections[-1].append(line)
            elif line.startswith("Theorem "):
                name = re.match(r"Theorem (\w+)", line)[1]
                assumed = [one for section in sections for one in section]
                seen += bool(assumed)
                hidden += [(name, one) for one in assumed if one not in shown[name]]
    assert hidden == []
    assert seen >= 40


def test_no_statement_rests_on_a_recursion_that_is_not_shown():
    recursive = {
        name for text in record.sources().values() for name in re.findall(r"^Fixpoint (\w+)", text, re.MULTILINE)
    }
    assert recursive
    assert not recursive & {word for theorem in formal.theorems() for word in re.findall(r"\w+", theorem.whole)}


def test_what_a_headline_theorem_names_is_explained():
    shown = {theorem.name: theorem.whole for theorem in formal.theorems()}
    assert "Definition rho_max sigma delta L eps : R :=" in shown["theorem_1"]
    assert "Local Notation conclusion := (nearest_mean_error" in shown["theorem_1_corrected"]
    assert "Definition printed_bound k l tau eps : R :=" in shown["theorem_3"]
    assert "Hypothesis centred" in shown["theorem_4_floor"]
    assert "gap0" not in shown["haochen_any_features"]


def test_what_all_theorems_share_is_shown_once():
    shared = definitions(record.sources())
    names = re.findall(r"^Definition (\w+)", shared, re.MULTILINE)
    assert len(names) == len(set(names))
    assert {"dot", "average", "class_mean", "aligned", "threshold", "correlation", "info_nce"} <= set(names)
    assert not {"dotE", "first_weight"} & set(names), "no statement uses them"
    assert [name for name in SHARED if f"(* {name} *)" not in shared] == []
    for theorem in filter(lambda theorem: theorem.claims, formal.theorems()):
        assert not set(re.findall(r"^Definition (\w+)", theorem.whole, re.MULTILINE)) & set(names)
    assert shared in formal.as_markdown([])
