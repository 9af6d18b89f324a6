"""The book's data files, each pinned by its git blob id: sha1 of `blob <size>`, a zero byte, and the content.

From github.com/deepchem/DeepLearningLifeSciences, the companion of "Deep Learning for the Life Sciences" (MIT licence,
© 2019 Bharath Ramsundar, Peter Eastman, Patrick Walters, Vijay Pande).
"""

from __future__ import annotations

REPOSITORY = "deepchem/DeepLearningLifeSciences"
COMMIT = "9020c18d97de5f5bdab85234a5f3aac191791f1e"
FOLDER = "Chapter06"  # of the repository
_TASKS = "6e7ea636eec7d2e5cf84e0f64c0a7b877bf7a60a"  # tasks.json is the same in all


def _dataset(metadata: str, X: str, ids: str, w: str, y: str) -> dict[str, str]:
    return {
        "metadata.csv.gzip": metadata,
        "shard-0-X.joblib": X,
        "shard-0-ids.joblib": ids,
        "shard-0-w.joblib": w,
        "shard-0-y.joblib": y,
        "tasks.json": _TASKS,
    }


BOOK_FILES: dict[str, dict[str, str]] = {  # part → file below it ("" for the part itself) → blob id
    "train_dataset": _dataset(
        metadata="85f9dd6b47bc10b52cb15f7f7326cad5870bdcf2",
        X="14480bbf0fbd97a2408cc9c841cba57780f92300",
        ids="4002247f7a91fa5ef026ea81b5068d9b692881ef",
        w="95614cd0841c02e9032c967db4309519d831f025",
        y="9154e2c1161422188e1fcd6afb176377fc19c551",
    ),
    "valid_dataset": _dataset(
        metadata="a5e59344bb95beb314b342b4fc97aab6a30102e5",
        X="6f342ff8b318896d94507afd82b134d6ef70dff9",
        ids="e36d2870f84dd68be852fe01b1d3c1f0a876dbc7",
        w="0c6ad320f4060132368c7c59a07ace9fff829b6d",
        y="b11ddb554ef5fe07caa0387dfeda853c18e695a4",
    ),
    "test_dataset": _dataset(
        metadata="15126219dd573ce845ea7d12f0c51682e5488c83",
        X="f106d1fdd0023cf7f6a542ffc3ae3f6146fd14af",
        ids="c7894d0401ebffd50e6082638279587bd9a53f6f",
        w="4bad81525bf13b5c95efb2c6c94f7b35d9edb80c",
        y="1cd390ba9865d0cc3bdd0445db109b5fbcc1d31f",
    ),
    "accessibility.txt": {"": "ade0b5ab0e16a0403c40b269f17a76b9eef976f2"},
    "train_siRNA": _dataset(
        metadata="85e75c55275e0136cee040e70b91ba0c4f875e7f",
        X="948230478c440772be50258b846fb04db913e0b4",
        ids="762f518346c63eb50c8b4e86bfc76963487bd4fe",
        w="a2b0b947369d0b5be521f5853c6f08017f766664",
        y="7c141ad956eefcd3f6f2c3759e7f95d8f0ca768c",
    ),
    "valid_siRNA": _dataset(
        metadata="d3800ca557b4eff6aa9d322b7c91bebf41907e85",
        X="fc5b35ee3c852f5bf7f6df82ba2f6999ca5ab74e",
        ids="5149dd13124e2489c89e055dea8515393b67df36",
        w="d791acda370191f34acd9ca476373cf800544566",
        y="01db5a67c09878e777224e8451b264fd47196523",
    ),
}

PARTS: dict[str, tuple[str, ...]] = {
    "jund": ("train_dataset", "valid_dataset", "test_dataset", "accessibility.txt"),
    "sirna": ("train_siRNA", "valid_siRNA"),
}
