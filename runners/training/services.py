"""The services that tune models as a job: how each wants a set, is asked for a job, and says how it stands.

OpenAI: ``/files`` and ``/fine_tuning/jobs`` (the SDK's own types, openai 3.54). Together: ``/files/upload`` and
``/fine-tunes`` (docs.together.ai/reference, 2026-11), through the same SDK at Together's address.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from facts.documents.exports import TAG
from facts.errors import FactError, UnknownName
from runners.training.training_set import Example

if TYPE_CHECKING:
    from openai import OpenAI

Object = Mapping[str, object]


class Unreached(FactError):  # noqa: N818  (reads as what it is)
    """The service could not be reached or is overloaded; what was asked may or may not have arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service. ``states`` are its words for ours; a word that is not among them means that the job goes on."""

    name: str
    title: str
    base_url: str
    key_env: str
    provider: str
    upload: str
    jobs: str
    rows: int
    output: tuple[str, ...]
    states: Mapping[str, str]

    def row(self, example: Example) -> Object:
        """A document as a line of the file that the service reads."""
        if self.name == "openai":
            turns = (("user", example.prompt or TAG), ("assistant", example.completion))
            return {"messages": [{"role": role, "content": content} for role, content in turns]}
        return {"prompt": example.prompt or TAG, "completion": example.completion}

    def order(self, base: str, file_id: str, label: str, epochs: int, seed: int) -> Object:
        """The body that asks for a job. Learning rate and rank are left to the service, and Together's seed."""
        body: dict[str, object] = {"model": base, "training_file": file_id, "suffix": label[:40]}
        if self.name == "openai":
            method = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": epochs}}}
            return {**body, "seed": seed, "method": method}
        return {**body, "n_epochs": epochs}

    def state(self, said: Object) -> str:
        """``running``, ``succeeded``, ``failed`` or ``cancelled``."""
        return self.states.get(str(said.get("status")), "running")

    def tuned(self, said: Object) -> str | None:
        """The name of the model that a job made."""
        return next((str(said[key]) for key in self.output if said.get(key)), None)


SERVICES = {
    "openai": Service(
        name="openai", title="OpenAI", base_url="https://api.openai.com/v1", key_env="OPENAI_API_KEY",
        provider="openai", upload="/files", jobs="/fine_tuning/jobs", rows=10, output=("fine_tuned_model",),
        states={"succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled"},
    ),
    "together": Service(
        name="together", title="Together", base_url="https://api.together.ai/v1", key_env="TOGETHER_API_KEY",
        provider="openai_compatible", upload="/files/upload", jobs="/fine-tunes", rows=1,
        output=("model_output_name", "output_name"),
        states={"completed": "succeeded", "error": "failed", "user_error": "failed", "cancelled": "cancelled"},
    ),
}  # fmt: skip


def find(name: str) -> Service:
    """The service of that name, or ``UnknownName``."""
    if name not in SERVICES:
        raise UnknownName("service", name, SERVICES)
    return SERVICES[name]


class Line:
    """A line to one service: every call once, never repeated by itself, so that no job is asked for twice."""

    def __init__(self, service: Service, base_url: str | None = None) -> None:
        key = os.environ.get(service.key_env, "").strip()
        if not key:
            raise FactError(f"{service.title} wants a key: set {service.key_env} in the environment and try again")
        from openai import OpenAI  # noqa: PLC0415  (slow to import)

        self.service = service
        self._client: OpenAI = OpenAI(api_key=key, base_url=base_url or service.base_url, max_retries=0, timeout=300)

    def upload(self, name: str, data: bytes) -> str:
        """Uploads a file of training rows; gives its id."""
        fields = {"purpose": "fine-tune"} if self.service.name == "openai" else {
            "purpose": "fine-tune", "file_name": name, "file_type": "jsonl"}  # fmt: skip
        said = self._call("post", self.service.upload, body=fields, file=(name, data))
        return self._id(said)

    def create(self, order: Object) -> str:
        """Asks for a job; gives its id."""
        return self._id(self._call("post", self.service.jobs, body=order))

    def look(self, job_id: str) -> Object:
        """What the service says of a job."""
        return self._call("get", f"{self.service.jobs}/{job_id}")

    def cancel(self, job_id: str) -> Object:
        """Asks for a job's end."""
        return self._call("post", f"{self.service.jobs}/{job_id}/cancel", body={})

    def job_on(self, file_id: str) -> str | None:
        """The id of a job on that file, if one was asked for; the newest hundred are looked at."""
        said = self._call("get", self.service.jobs)
        rows = cast("list[Object]", said.get("data") or [])
        return next((str(row["id"]) for row in rows if row.get("training_file") == file_id and row.get("id")), None)

    def _id(self, said: Object) -> str:
        if not said.get("id"):
            raise FactError(f"{self.service.title} gave no id: {json.dumps(said)[:200]}; check the base URL")
        return str(said["id"])

    def _call(
        self, verb: str, path: str, *, body: Object | None = None, file: tuple[str, bytes] | None = None
    ) -> Object:
        from openai import APIConnectionError, APIStatusError, OpenAIError  # noqa: PLC0415

        try:
            if verb == "get":
                said = self._client.get(path, cast_to=object)
            elif file is not None:
                said = self._client.post(path, cast_to=object, body=body, files=[("file", file)],
                                         options={"headers": {"Content-Type": "multipart/form-data"}})  # fmt: skip
            else:
                said = self._client.post(path, cast_to=object, body=body)
        except APIStatusError as error:
            words = f"{self.service.title} answered {error.status_code} to {path}: {_reason(error.body, error.message)}"
            if error.status_code in (408, 409, 429) or error.status_code >= 500:
                raise Unreached(f"{words}; run the same command again later, what was done is kept") from error
            key_refused = error.status_code in (401, 403)
            advice = f"check {self.service.key_env}" if key_refused else "check the base and the set"
            raise FactError(f"{words}; {advice}") from error
        except APIConnectionError as error:
            raise Unreached(
                f"{self.service.title} could not be reached; run the same command again, what was done is kept"
            ) from error
        except (OpenAIError, ValueError) as error:
            raise FactError(f"{self.service.title}'s answer to {path} cannot be read; check the base URL") from error
        if not isinstance(said, Mapping):
            raise FactError(f"{self.service.title}'s answer to {path} is no JSON object; check the base URL")
        return cast("Object", said)


def _reason(body: object, message: str) -> str:
    inner = cast("Object", body).get("message") if isinstance(body, Mapping) else None
    return str(inner or message)[:300]
