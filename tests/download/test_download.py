"""Downloads against a server that breaks off, ignores ranges, changes its files, or isn't there."""

from __future__ import annotations

import hashlib
import http.server
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from lunabase.download import SUMS, fetch_file
from lunabase.errors import InputError, LunabaseError

CONTENT = np.random.default_rng(1).bytes(3_000_000)


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; the switches make it misbehave."""

    content = CONTENT
    etag: str | None = '"one"'
    ranges = True
    breaks_after: list[int]
    status = 200
    length_error = 0
    kind: str | None = None
    pause_s = 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.breaks_after, self.asked = [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, name: str = "dem.tif") -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, asked = self.server, self.headers.get("Range")
        server.asked.append(asked)
        if server.status != 200:
            self.send_error(server.status)
            return
        start = 0
        wanted = re.fullmatch(r"bytes=(\d+)-", asked or "")
        if wanted and server.ranges and self.headers.get("If-Range") == server.etag:
            start = int(wanted[1])
            if start >= len(server.content):
                self.send_error(416)
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(server.content) - 1}/{len(server.content)}")
        else:
            self.send_response(200)
        if server.kind:
            self.send_header("Content-Type", server.kind)
        if server.etag:
            self.send_header("ETag", server.etag)
        body = server.content[start:]
        self.send_header("Content-Length", str(len(body) + server.length_error))
        self.end_headers()
        if server.breaks_after:
            body = body[: server.breaks_after.pop(0)]
        for first in range(0, len(body), 100_000):
            self.wfile.write(body[first : first + 100_000])
            time.sleep(server.pause_s)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server():
    running = Server()
    yield running
    running.shutdown()
    running.server_close()


def silent(part: float) -> None:
    assert 0.0 <= part <= 1.0


def left_over(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"dem.tif", SUMS}


def test_a_file_is_fetched_once_and_its_checksum_kept(server, tmp_path):
    parts: list[float] = []
    path = fetch_file(server.url(), tmp_path / "deep" / "folder", parts.append, len(CONTENT))
    assert path.read_bytes() == CONTENT
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert (path.parent / SUMS).read_text() == f"{hashlib.sha256(CONTENT).hexdigest()}  dem.tif\n"
    assert fetch_file(server.url(), path.parent, silent) == path
    assert server.asked == [None]
    assert not left_over(path.parent)


def test_a_connection_that_breaks_is_taken_up_where_it_broke(server, tmp_path):
    server.breaks_after = [1_200_000, 500_000]
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT
    assert server.asked[0] is None
    assert [asked.startswith("bytes=") for asked in server.asked[1:]] == [True, True]
    assert not left_over(tmp_path)


def test_a_download_that_failed_goes_on_in_the_next_run(server, tmp_path):
    server.breaks_after = [2_000_000, 0, 0, 0, 0, 0]
    with pytest.raises(LunabaseError, match="can't fetch it") as caught:
        fetch_file(server.url(), tmp_path, silent)
    assert caught.value.exit_code == 1
    assert not (tmp_path / "dem.tif").exists()
    kept = (tmp_path / "dem.tif.part").stat().st_size
    assert 1_900_000 < kept <= 2_000_000
    server.breaks_after, server.asked = [], []
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT
    assert server.asked == [f"bytes={kept}-"]
    assert not left_over(tmp_path)


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    server.ranges, server.breaks_after = False, [1_500_000]
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_without_a_version_nothing_is_gone_on_with(server, tmp_path):
    server.etag, server.breaks_after = None, [1_500_000]
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT
    assert server.asked == [None, None]


def test_a_file_that_changed_meanwhile_is_begun_anew(server, tmp_path):
    server.breaks_after = [2_000_000, 0, 0, 0, 0, 0]
    with pytest.raises(LunabaseError):
        fetch_file(server.url(), tmp_path, silent)
    server.breaks_after, server.etag, server.content = [], '"two"', CONTENT[::-1]
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT[::-1]


def test_a_part_that_is_whole_already_is_fetched_anew(server, tmp_path):
    (tmp_path / "dem.tif.part").write_bytes(CONTENT + b"more")
    (tmp_path / "dem.tif.part.json").write_text('{"version": "\\"one\\""}')
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT


def test_a_length_that_does_not_come_true_is_no_success(server, tmp_path):
    server.length_error = 1000
    with pytest.raises(LunabaseError, match="can't fetch it"):
        fetch_file(server.url(), tmp_path, silent)
    assert not (tmp_path / "dem.tif").exists()


def test_a_size_that_is_not_the_published_one_is_refused(server, tmp_path):
    with pytest.raises(LunabaseError, match="has 3000000 bytes, the published one 99"):
        fetch_file(server.url(), tmp_path, silent, 99)
    assert list(tmp_path.iterdir()) == []


def must_be_a_model(path):
    raise InputError(f"{path.name} is a page.", fix="Delete it.")


def test_what_fails_its_check_is_not_kept(server, tmp_path):
    with pytest.raises(LunabaseError, match=r"not what it should be: dem\.tif is a page") as caught:
        fetch_file(server.url(), tmp_path, silent, check=must_be_a_model)
    assert caught.value.exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_what_fails_its_check_by_hand_stays_the_user_s(tmp_path):
    (tmp_path / "dem.tif").write_bytes(CONTENT)
    with pytest.raises(LunabaseError, match="Delete it and fetch it again"):
        fetch_file("http://127.0.0.1:9/dem.tif", tmp_path, silent, check=must_be_a_model)
    assert [path.name for path in tmp_path.iterdir()] == ["dem.tif"]


def test_a_web_page_is_not_taken_for_the_file_nor_for_its_rest(server, tmp_path):
    server.kind = "text/html; charset=utf-8"
    with pytest.raises(LunabaseError, match="sends a web page, not the file"):
        fetch_file(server.url(), tmp_path, silent)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "dem.tif.part").write_bytes(CONTENT[:1000])
    with pytest.raises(LunabaseError, match="sends a web page, not the file"):
        fetch_file(server.url(), tmp_path, silent)
    assert (tmp_path / "dem.tif.part").read_bytes() == CONTENT[:1000]


def test_checksums_that_are_no_text_are_told(server, tmp_path):
    (tmp_path / SUMS).write_bytes(b"\xff\xfe\x00dem.tif")
    with pytest.raises(LunabaseError, match="can't read the checksums: it is not text") as caught:
        fetch_file(server.url(), tmp_path, silent)
    assert str(tmp_path / SUMS) in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [SUMS]


def test_a_file_that_changed_on_disk_or_at_the_server_is_refused(server, tmp_path):
    path = fetch_file(server.url(), tmp_path, silent)
    path.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(LunabaseError, match="not the file that was first used") as caught:
        fetch_file(server.url(), tmp_path, silent)
    assert "Delete it and fetch it again" in caught.value.fix
    path.unlink()
    server.content = CONTENT[::-1]
    with pytest.raises(LunabaseError, match="another than the one first used") as caught:
        fetch_file(server.url(), tmp_path, silent)
    assert SUMS in caught.value.fix
    assert not path.exists()
    server.content = CONTENT
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT


def test_a_file_put_there_by_hand_is_taken(tmp_path):
    (tmp_path / "dem.tif").write_bytes(CONTENT)
    assert fetch_file("http://127.0.0.1:9/dem.tif", tmp_path, silent).read_bytes() == CONTENT
    assert (tmp_path / SUMS).read_text().startswith(hashlib.sha256(CONTENT).hexdigest())


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_says_what_to_do(server, tmp_path, status):
    server.status = status
    with pytest.raises(LunabaseError, match=f"the server answers {status}") as caught:
        fetch_file(server.url(), tmp_path, silent)
    assert str(tmp_path / "dem.tif") in caught.value.fix


def test_offline_says_what_to_download_and_where_to_put_it(tmp_path):
    url = "http://127.0.0.1:9/dem.tif"
    with pytest.raises(LunabaseError, match="no connection") as caught:
        fetch_file(url, tmp_path, silent)
    assert caught.value.exit_code == 1
    assert f"download {url} elsewhere and put it at {tmp_path / 'dem.tif'}" in caught.value.fix


def test_two_at_once_do_not_write_to_one_part(server, tmp_path):
    server.pause_s = 0.02
    started, found = threading.Event(), []

    def first():
        found.append(fetch_file(server.url(), tmp_path, lambda _: started.set()))

    fetching = threading.Thread(target=first)
    fetching.start()
    assert started.wait(10.0)
    with pytest.raises(LunabaseError, match="another process is fetching it"):
        fetch_file(server.url(), tmp_path, silent)
    fetching.join(30.0)
    assert found[0].read_bytes() == CONTENT
    assert left_over(tmp_path) == set()
    assert fetch_file(server.url(), tmp_path, silent) == found[0]
    assert len(server.asked) == 1


def test_a_killed_download_goes_on(server, tmp_path):
    server.pause_s = 0.05
    call = (
        "import sys; from pathlib import Path; from lunabase.download import fetch_file;"
        "fetch_file(sys.argv[1], Path(sys.argv[2]), lambda part: print(part, flush=True))"
    )
    running = subprocess.Popen([sys.executable, "-c", call, server.url(), str(tmp_path)], stdout=subprocess.PIPE)
    assert running.stdout.readline()
    running.send_signal(signal.SIGKILL)
    running.wait()
    running.stdout.close()
    assert not (tmp_path / "dem.tif").exists()
    kept = (tmp_path / "dem.tif.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    server.pause_s, server.asked = 0.0, []
    assert fetch_file(server.url(), tmp_path, silent).read_bytes() == CONTENT
    assert server.asked == [f"bytes={kept}-"]
