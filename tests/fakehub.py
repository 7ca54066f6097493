"""A loopback server that answers data-set requests the way the Hugging Face hub does.

Standard library only. It speaks the part of the protocol that clients use to read data sets: the metadata
``HEAD`` (``X-Repo-Commit``, ``ETag``, ``Content-Length``), ``resolve`` with ranges, the redirect to a content
server on another host, the ``api`` calls for a repository, its revisions and its tree, error answers with
``X-Error-Code``, gated repositories, renamed ones, and a hub that is overloaded for its first N answers.

    with FakeHub() as hub:
        hub.add("acme/treebank", {"README.md": b"...", "data/train.parquet": b"..."})
        run_client(env={"HF_ENDPOINT": hub.url, ...})
        assert hub.paths("GET")

Clients read ``HF_ENDPOINT`` and ``HF_HOME`` when they are imported: run them in a process of their own, with
the environment that `client_environment` gives.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

DATE = "2026-01-01T00:00:00.000Z"
SPLIT_REVISION = re.compile(r"^(?P<revision>refs/(?:convert|pr)/[^/]+|[^/]+)(?:/(?P<path>.*))?$")


@dataclass(frozen=True)
class Request:
    """One answered request, for assertions."""

    method: str
    path: str
    status: int
    byte_range: str | None


@dataclass
class Repository:
    """The files of one data set by revision (branch, tag, ``refs/...``); a commit hashes its files."""

    name: str
    revisions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    token: str | None = None

    def commit(self, revision: str) -> str:
        """Return the 40 hex digits that name the content of `revision`."""
        digest = hashlib.sha1(f"{self.name}@{revision}".encode())
        for path, content in sorted(self.revisions[revision].items()):
            digest.update(path.encode() + b"\0" + content)
        return digest.hexdigest()

    def find(self, revision: str) -> str | None:
        """Return the revision that a name or commit stands for, None when there is none."""
        for name in self.revisions:
            if revision in (name, self.commit(name)):
                return name
        return None


class FakeHub:
    """The server: add repositories, enter the context, point clients to `url`.

    Attributes:
        requests: what was asked and answered, in order.
        fail_first: number of answers that are 503 before the hub behaves.
        fail_in: only paths that contain this are answered so.
        cdn: large files (parquet) are answered by a redirect to another host, as the hub does.
        silent: the hub accepts connections and never answers.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.renamed: dict[str, str] = {}
        self.requests: list[Request] = []
        self.fail_first = 0
        self.fail_in = ""
        self.cdn = False
        self.silent = threading.Event()
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def add(
        self, name: str, files: Mapping[str, bytes], *, revision: str = "main", token: str | None = None
    ) -> Repository:
        """Add or replace one revision of a repository; with `token`, only its bearer may read files."""
        repository = self.repositories.setdefault(name, Repository(name))
        repository.revisions[revision] = dict(files)
        repository.token = token
        return repository

    def rename(self, old: str, new: str) -> None:
        """Answer requests for `old` with a redirect to `new`, as after a rename or for a bare name."""
        self.renamed[old] = new

    def paths(self, method: str | None = None) -> list[str]:
        """Return the paths asked for, optionally by one method only."""
        return [request.path for request in self.requests if method in (None, request.method)]

    @property
    def port(self) -> int:
        """The port that the server listens on."""
        assert self._server is not None, "the hub is not running"
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The endpoint for clients."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> FakeHub:
        """Listen on a free port of the loopback address."""
        self._server = _Server(("127.0.0.1", 0), _Handler, self)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close the server; clients then find the connection refused."""
        self.silent.clear()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> FakeHub:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def take_failure(self, path: str) -> bool:
        """Count one of the 503 answers down; True while there are some left."""
        if self.fail_in not in path:
            return False
        with self._lock:
            self.fail_first -= 1
            return self.fail_first >= 0


def client_environment(endpoint: str, home: Path, **more: str) -> dict[str, str]:
    """Return the environment for a client process: this endpoint, a cache of its own, nothing else."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    settings = {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    return {**kept, **settings, **more}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], hub: FakeHub) -> None:
        super().__init__(address, handler)
        self.hub = hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    @property
    def hub(self) -> FakeHub:
        return self.server.hub

    def log_message(self, format: str, *args: Any) -> None:
        """Keep standard error clean: the log is `FakeHub.requests`."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        while self.hub.silent.is_set():
            threading.Event().wait(0.05)
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/cdn/"):
            self._send_blob(path.removeprefix("/cdn/"))
        elif self.hub.take_failure(path):
            self._fail(503, None, "overloaded")
        elif path.startswith("/api/datasets/"):
            self._api(path.removeprefix("/api/datasets/"), body)
        elif path.startswith("/datasets/"):
            self._file(path.removeprefix("/datasets/"))
        else:
            self._fail(404, None, "no such page")

    def _api(self, rest: str, body: bytes) -> None:
        name, action, tail = _split_name(rest, ("revision", "tree", "paths-info"))
        repository = self._repository(name)
        if repository is None:
            return
        match = SPLIT_REVISION.match(tail or "main")
        assert match is not None
        revision = self._revision(repository, match["revision"])
        if revision is None:
            return
        if action == "tree":
            self._tree(repository, revision, match["path"] or "")
        elif action == "paths-info":
            wanted = _wanted_paths(body)
            self._send_json([entry for entry in _entries(repository, revision) if entry["path"] in wanted])
        else:
            self._send_json(_description(repository, revision))

    def _tree(self, repository: Repository, revision: str, folder: str) -> None:
        recursive = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0].lower() in (
            "true",
            "1",
        )
        prefix = f"{folder}/" if folder else ""
        inside = [entry for entry in _entries(repository, revision) if entry["path"].startswith(prefix)]
        if not inside:
            self._fail(404, "EntryNotFound", f"{folder} does not exist on {revision}")
            return
        self._send_json([e for e in inside if recursive or "/" not in e["path"].removeprefix(prefix)])

    def _file(self, rest: str) -> None:
        name, _, tail = _split_name(rest, ("resolve",))
        repository = self._repository(name)
        if repository is None:
            return
        match = SPLIT_REVISION.match(tail)
        assert match is not None
        revision = self._revision(repository, match["revision"])
        if revision is None or not self._allowed(repository):
            return
        commit = {"X-Repo-Commit": repository.commit(revision)}
        content = repository.revisions[revision].get(match["path"] or "")
        if content is None:
            self._fail(404, "EntryNotFound", "Entry not found", commit)
        elif self.hub.cdn and str(match["path"]).endswith(".parquet"):
            linked = {"X-Linked-Size": str(len(content)), "X-Linked-ETag": f'"{_oid(content)}"'}
            # Another name for the same address: clients must not follow HEAD there nor send the token.
            location = f"http://localhost:{self.hub.port}/cdn/{_oid(content)}"
            self._send(302, b"", {**commit, **linked, "Location": location})
        else:
            self._send_content(content, commit)

    def _repository(self, name: str) -> Repository | None:
        new = self.hub.renamed.get(name)
        if new is not None:
            self._send(307, b"", {"Location": self.path.replace(name, new, 1)})
            return None
        repository = self.hub.repositories.get(name)
        if repository is None:
            self._fail(401, "RepoNotFound", "Repository not found")
        return repository

    def _revision(self, repository: Repository, name: str) -> str | None:
        revision = repository.find(name)
        if revision is None:
            self._fail(404, "RevisionNotFound", f"Invalid rev id: {name}")
        return revision

    def _allowed(self, repository: Repository) -> bool:
        given = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if repository.token in (None, given):
            return True
        self._fail(403 if given else 401, "GatedRepo", f"Access to dataset {repository.name} is restricted.")
        return False

    def _send_blob(self, oid: str) -> None:
        assert self.headers.get("Authorization") is None, "a token was sent to the content server"
        for repository in self.hub.repositories.values():
            for files in repository.revisions.values():
                for content in files.values():
                    if _oid(content) == oid:
                        self._send_content(content, {})
                        return
        self._fail(404, None, "no such blob")

    def _send_content(self, content: bytes, headers: dict[str, str]) -> None:
        headers = {**headers, "ETag": f'"{_oid(content)}"', "Accept-Ranges": "bytes"}
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if match is None:
            self._send(200, content, headers)
            return
        start, end = int(match[1]), min(int(match[2] or len(content) - 1), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        self._send(206, content[start : end + 1], headers)

    def _send_json(self, answer: object) -> None:
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _fail(self, status: int, code: str | None, text: str, headers: dict[str, str] | None = None) -> None:
        codes = {} if code is None else {"X-Error-Code": code}
        self._send(status, b"", {**(headers or {}), **codes, "X-Error-Message": text})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        request = Request(self.command, unquote(self.path), status, self.headers.get("Range"))
        self.hub.requests.append(request)
        self.send_response(status)
        for key, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _split_name(rest: str, actions: tuple[str, ...]) -> tuple[str, str, str]:
    """Split ``OWNER/NAME/ACTION/TAIL`` (or a bare ``NAME/ACTION/TAIL``) at the first action."""
    parts = rest.split("/")
    for index, part in enumerate(parts[:3]):
        if index and part in actions:
            return "/".join(parts[:index]), part, "/".join(parts[index + 1 :])
    return rest, "", ""


def _wanted_paths(body: bytes) -> list[str]:
    try:
        return list(json.loads(body)["paths"])
    except ValueError:
        return parse_qs(body.decode()).get("paths", [])


def _oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _entries(repository: Repository, revision: str) -> Iterator[dict[str, Any]]:
    files = repository.revisions[revision]
    last = {"id": repository.commit(revision), "title": "Add files", "date": DATE}
    folders = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    for folder in sorted(folders):
        oid = hashlib.sha1(folder.encode()).hexdigest()
        yield {"type": "directory", "oid": oid, "size": 0, "path": folder, "lastCommit": last}
    for path, content in sorted(files.items()):
        yield {"type": "file", "oid": _oid(content), "size": len(content), "path": path, "lastCommit": last}


def _description(repository: Repository, revision: str) -> dict[str, Any]:
    return {
        "_id": "0" * 24,
        "id": repository.name,
        "author": repository.name.split("/")[0],
        "sha": repository.commit(revision),
        "lastModified": DATE,
        "createdAt": DATE,
        "private": False,
        "gated": "auto" if repository.token else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [{"rfilename": path} for path in sorted(repository.revisions[revision])],
    }
