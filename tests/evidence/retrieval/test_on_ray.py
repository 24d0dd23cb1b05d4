from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from evidence.models import NEEDED, embedding_place, load_embedding

ROOT = Path(__file__).parents[3]
TEXTS = [f"{'Bread is baked from flour. ' * (number % 5)}Passage {number}." for number in range(40)]
TWO_WORKERS = """
import json, sys

import ray
import ray.data

from evidence.retrieval.on_ray import embed_dataset

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
rows = [{"id": number, "text": text} for number, text in enumerate(json.loads(sys.argv[1]))]
found = embed_dataset(ray.data.from_items(rows, override_num_blocks=4), workers=2)
print(json.dumps([[row["id"], row["vector"].tolist()] for row in found.iter_rows()]))
ray.shutdown()
"""


def test_two_ray_workers_embed_as_one_process_does() -> None:
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'formfact[ray]'")
    if find_spec(NEEDED) is None:
        pytest.skip("needs the extra embedding: pip install 'formfact[embedding]'")

    # a process of its own: Ray leaves threads and changes signal handlers
    done = subprocess.run(
        [sys.executable, "-c", TWO_WORKERS, json.dumps(TEXTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    rows = json.loads(done.stdout.splitlines()[-1])
    plain = load_embedding(embedding_place(), "cpu").encode(
        TEXTS, normalize_embeddings=True, show_progress_bar=False
    )
    assert [number for number, _ in rows] == list(range(len(TEXTS)))
    assert np.abs(np.array([vector for _, vector in rows]) - plain).max() < 5e-5
