"""A cluster that speaks TLS alone, with a certificate made here, which Dask's own configuration names."""

from __future__ import annotations

import shutil
import subprocess

import dask
import pytest

from dnaconv_core.cluster.connect import connected, workers_of
from dnaconv_core.cluster.pieces import over
from dnaconv_core.errors import ClusterError

from .conftest import Cluster

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate"),
]
TLS = "distributed.comm.tls"


def certificate(folder):
    """One that vouches for itself, and its key."""
    made = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    files = ("-keyout", made["key"], "-out", made["cert"])
    subprocess.run(
        ["openssl", "req", "-x509", *curve, *files, "-days", "1", "-subj", "/CN=lab"], check=True, capture_output=True
    )
    return made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = certificate(folder)
    named = {f"{part}.{name}": path for part in ("scheduler", "worker", "client") for name, path in made.items()}
    named["ca-file"] = made["cert"]
    as_users_do = {f"DASK_{TLS}.{name}".replace(".", "__").replace("-", "_").upper(): named[name] for name in named}
    cluster = Cluster(folder, "tls", DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION="True", **as_users_do)
    try:
        with dask.config.set({f"{TLS}.{name}": path for name, path in named.items()}):
            cluster.scheduler()
            cluster.worker()
            cluster.workers(1)
        yield cluster, named
    finally:
        cluster.close()


def test_pieces_are_computed_over_tls(guarded):
    cluster, named = guarded
    assert cluster.address.startswith("tls://127.0.0.1:")
    with dask.config.set({f"{TLS}.{name}": path for name, path in named.items()}):
        with connected(cluster.address) as client:
            assert [worker.address[:6] for worker in workers_of(client)] == ["tls://"]
        assert list(over(divmod, 17, [3, 5], on=cluster.address)) == [(5, 2), (3, 2)]


def test_a_client_without_the_certificate_is_told_where_to_name_it(guarded, tmp_path):
    cluster, _ = guarded
    told = pytest.raises(ClusterError, match=r"tls://127.0.0.1:\d+ does not answer .*distributed.comm.tls")
    with told, connected(cluster.address, patience=1):
        pass
    other = certificate(tmp_path)
    foreign = {f"{TLS}.ca-file": other["cert"], **{f"{TLS}.client.{name}": path for name, path in other.items()}}
    strange = pytest.raises(ClusterError, match="does not answer")
    with dask.config.set(foreign), strange, connected(cluster.address, patience=1):
        pass
    plain = pytest.raises(ClusterError, match="does not answer")
    with plain, connected(cluster.address.replace("tls://", "tcp://"), patience=1):
        pass
