"""Make `fashion_mnist_subset.npz` from the four files of Fashion-MNIST, the same bytes on every run.

    python empirical/data/make_subset.py FOLDER

FOLDER holds the four `*-ubyte.gz` files of https://github.com/zalandoresearch/fashion-mnist; Debian's package
`dataset-fashion-mnist` installs them under /usr/share/datasets/fashion-mnist. Drawn without replacement by a fixed
seed: 500 training images of each class out of 6000, and 200 test images of each class out of 1000. The script prints
the SHA-256 of the file it wrote, which must equal `empirical.data.sets.FASHION_SHA256`. (A zlib other than the
reference one may compress to other bytes; the arrays are the same.)
"""

import gzip
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

SEED = 2023
CLASSES = 10
TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 200
TARGET = Path(__file__).with_name("fashion_mnist_subset.npz")


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of unsigned bytes.

    Format: two zero bytes, the type (8: unsigned byte), the number of axes, one big-endian 32-bit length per axis,
    then the values in row-major order. Raises ValueError when the header or the length does not fit.
    """
    raw = gzip.decompress(path.read_bytes())
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is no IDX file of unsigned bytes: fetch the four *-ubyte.gz files again")
    axes = raw[3]
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(axes))
    if len(raw) - start != np.prod(shape):
        raise ValueError(f"{path} declares shape {shape} but holds {len(raw) - start} values: fetch it again")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def draw(labels: np.ndarray, per_class: int, generator: np.random.Generator) -> np.ndarray:
    """Rows of a sample with `per_class` images of each class, classes in turn: 0, 1, ..., 9, 0, 1, ..."""
    rows = [generator.permutation(np.flatnonzero(labels == k))[:per_class] for k in range(CLASSES)]
    return np.stack(rows, axis=1).reshape(-1)


def main(folder: Path) -> None:
    """Write the subset next to this script and print its SHA-256."""
    generator = np.random.default_rng(SEED)
    arrays = {}
    for split, prefix, per_class in (("train", "train", TRAIN_PER_CLASS), ("test", "t10k", TEST_PER_CLASS)):
        images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
        rows = draw(labels, per_class, generator)
        arrays[f"{split}_images"] = images[rows]
        arrays[f"{split}_labels"] = labels[rows]
    with zipfile.ZipFile(TARGET, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0))
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, buffer.getvalue(), compresslevel=9)
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python make_subset.py FOLDER   (FOLDER holds the four *-ubyte.gz files)")
    main(Path(sys.argv[1]))
