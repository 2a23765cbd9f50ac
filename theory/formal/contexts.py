"""What a theorem of Coq stands under: the variables and hypotheses of its sections, and the definitions that it uses.

A statement alone does not tell: within a section it may name what the section assumes.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SHARED = ("Vectors.v", "Averages.v", "Matrices.v", "Exponential.v", "Setting.v", "Losses.v")
"""Files whose definitions are shown once, for all theorems."""
COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)
PROOF = re.compile(r"(?:^|(?<= ))Proof\b.*?\b(?:Qed|Defined)\.", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(
    r"(?:^\(\*(?:(?!\*\)).)*\*\)\n)?^(?:Local )?(\w+) .*?\.(?=\s)(?:[ \t]*\(\*.*?\*\))?", re.MULTILINE | re.DOTALL
)
IMPORTED = re.compile(r"^From ContrastiveTheory Require Import ([^.]*)\.", re.MULTILINE)
VARIABLES, HYPOTHESES = {"Variable", "Variables"}, {"Hypothesis", "Hypotheses"}
DEFINED = {"Definition", "Notation", "Let"}
WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Sentence:
    """A sentence of Coq that others may rest on.

    kind   Variable, Hypothesis, Definition, Notation or Let, in the singular or the plural
    names  what it introduces
    words  what it mentions
    """

    kind: str
    names: frozenset[str]
    words: frozenset[str]
    text: str


def context(theorem: str, file: str, files: Mapping[str, str]) -> str:
    """What stands above a theorem that it rests on, in the order of the sources; "" where it says everything itself.

    All hypotheses of the open sections are there, though Coq gives a theorem only those that its proof uses; of the rest what
    the statement mentions, directly or not. What `SHARED` files define is left out.
    """
    sentences, statement = _in_scope(theorem, files[file])
    imported = [own for name in _imports(file, files) if name not in SHARED for own in _definitions(files[name])]
    own = {name for sentence in sentences for name in sentence.names}
    everything = [sentence for sentence in imported if not sentence.names & own] + sentences
    used = set(WORD.findall(statement))
    chosen = [sentence for sentence in everything if sentence.kind in HYPOTHESES]
    used = used.union(*(sentence.words for sentence in chosen))
    while more := [s for s in everything if s not in chosen and s.names & used]:
        chosen += more
        used = used.union(*(sentence.words for sentence in more))
    return "\n".join(sentence.text for sentence in everything if sentence in chosen)


def definitions(files: Mapping[str, str]) -> str:
    """What the `SHARED` files define and statements use, each definition under its comment, with its variables."""
    mentioned = Counter(word for text in files.values() for words in _mentions(text) for word in words)
    parts = []
    for name in SHARED:
        sentences = (
            _sentence(kind, text) for kind, text in _sentences(files[name]) if kind in VARIABLES | {"Definition"}
        )
        kept = {s.text: None for s in sentences if s.kind in VARIABLES or any(mentioned[word] > 1 for word in s.names)}
        parts.append("\n".join([f"(* {name} *)", *kept]))  # in order, each once
    return "\n\n".join(parts)


def _in_scope(theorem: str, text: str) -> tuple[list[Sentence], str]:
    """The sentences in scope at a theorem, and the theorem itself."""
    sections: list[list[Sentence]] = [[]]
    for kind, sentence in _sentences(text):
        if kind == "Section":
            sections.append([])
        elif kind == "End":
            closed = sections.pop()
            sections[-1] += [one for one in closed if one.kind == "Definition"]
        elif kind == "Theorem" and (statement := COMMENT.sub("", sentence)).split()[1] == theorem:
            return [one for section in sections for one in section], statement
        elif kind in VARIABLES | HYPOTHESES or (kind in DEFINED and (kind != "Let" or ":=" in sentence)):
            sections[-1].append(_sentence(kind, sentence))
    raise ValueError(f"theorem={theorem!r}: is not in the file; give the file that states it")


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    """Kind of each sentence outside proofs, and the sentence with the comment above it."""
    for match in SENTENCE.finditer(PROOF.sub("", text)):
        yield match[1], match[0].strip()


def _mentions(text: str) -> Iterator[frozenset[str]]:
    """The words of each definition, notation, hypothesis and theorem."""
    for kind, sentence in _sentences(text):
        if kind in DEFINED | HYPOTHESES | {"Theorem"}:
            yield frozenset(WORD.findall(COMMENT.sub("", sentence)))


def _sentence(kind: str, text: str) -> Sentence:
    bare = COMMENT.sub("", text).strip()
    head, _, _ = bare.removeprefix("Local ").partition(":")
    words = WORD.findall(head)[1:]
    if kind in DEFINED:
        names = words[:1]
    else:
        groups = re.findall(r"\(([^():]*):", bare) or [head.split(maxsplit=1)[1]]
        names = [word for group in groups for word in WORD.findall(group)]
    return Sentence(kind, frozenset(names), frozenset(WORD.findall(bare)), text)


def _definitions(text: str) -> list[Sentence]:
    return [_sentence(kind, sentence) for kind, sentence in _sentences(text) if kind == "Definition"]


def _imports(file: str, files: Mapping[str, str]) -> list[str]:
    """The files that a file imports, and those that these do, each once, what is needed first."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        for text in IMPORTED.findall(files[name]):
            for needed in (f"{word}.v" for word in text.split()):
                if needed not in order:
                    visit(needed)
                    order[needed] = None

    visit(file)
    return list(order)
