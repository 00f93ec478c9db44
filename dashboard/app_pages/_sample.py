"""One sample in full, or two side by side; model text is shown as text and never as Markdown or HTML."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard import state
from dashboard.app_pages._boxes import problem
from dashboard.escape import plain
from dashboard.marked import marked_html
from dashboard.prompt_marks import marks
from dashboard.reading import Reading, read, twin
from dashboard.results import ModelResults, Results
from dashboard.row import Row
from facts.catalog import Library
from facts.errors import FactError

_ROLES = {"system": "System prompt, facts marked", "user": "User message", "assistant": "Assistant message"}


def sample_view(results: Results, model: ModelResults, row: Row, library: Library) -> None:
    """The prompt at the left, the reply and its scores at the right."""
    reading = _read(results, model, row, library)
    if reading is None:
        return
    _title(reading)
    left, right = st.columns(2, gap="medium")
    with left:
        _prompt(reading, library)
    with right:
        _reply(reading)
        _scores(reading)
        _further(reading)
        _provenance(reading)


def pair_view(results: Results, model: ModelResults, row: Row, library: Library, *, other_tier: bool) -> None:
    """The sample beside the one that differs in the tier, or in its facts, alone."""
    other = twin(results, model, row, other_tier=other_tier)
    for column, half in zip(st.columns(2, gap="medium"), (row, other), strict=True):
        with column:
            if half is None or half.stop is None:
                st.info("Its counterpart is not planned, or not kept yet.", icon=":material/info:")
                continue
            reading = _read(results, model, half, library)
            if reading:
                _title(reading)
                _reply(reading)
                _scores(reading)
                with st.expander("Prompt", icon=":material/description:"):
                    _prompt(reading, library)


def _read(results: Results, model: ModelResults, row: Row, library: Library) -> Reading | None:
    try:
        reading = read(results, model, row, library, state.store())
    except FactError as error:
        problem(error)
        return None
    if reading is None:
        problem("this sample is not in the store any more; run the comparison again to have it back")
    return reading


def _title(reading: Reading) -> None:
    trial = reading.trial
    mark = "SIMULATED · " if reading.simulated else ""
    st.header(
        f"{mark}{plain(trial.condition.arm)} · {trial.condition.tier.value} · {plain(trial.query.id)} · "
        f"replicate {trial.replicate + 1}",
        anchor=False,
    )


def _prompt(reading: Reading, library: Library) -> None:
    prompt = reading.trial.prompt
    for message, found in zip(prompt.messages, marks(prompt, library), strict=True):
        st.caption(_ROLES[message.role])
        st.html(marked_html(message.text, found))
    if reading.request.get("system") != prompt.messages[0].text:
        problem("the facts' wordings have changed since this was sampled; the text that was sent is under Request")


def _reply(reading: Reading) -> None:
    if reading.transcript.reasoning:
        st.caption("Reasoning, hidden from the user")
        st.code(reading.transcript.reasoning, language=None, wrap_lines=True)
    st.caption("What the user sees")
    st.code(reading.transcript.visible or "(nothing)", language=None, wrap_lines=True)


def _scores(reading: Reading) -> None:
    rows = [
        {"metric": name, "about": score.fact or score.part, "class": score.value or "unscored",
         "evidence": score.evidence, "reason": score.reason}
        for name, group in reading.scores.items() for score in group
    ]  # fmt: skip
    st.caption("Scores, with the words that decided")
    st.dataframe(rows, hide_index=True, width="stretch", alt="Scores of this sample")  # pyright: ignore[reportUnknownMemberType]


def _further(reading: Reading) -> None:
    if not reading.further:
        return
    with st.expander(f"What was asked about it ({len(reading.further)})", icon=":material/contact_support:",
                     on_change="rerun", key=f"further_{reading.trial.key}") as box:  # fmt: skip
        for request, reply in reading.further if box.open else ():
            mark = "SIMULATED · " if reply.simulated else ""
            vote = f" · vote {request.replicate + 1}" if request.replicate else ""
            st.caption(plain(f"{mark}{request.model}{vote}"))
            st.code(request.turns[-1].text, language=None, wrap_lines=True)
            st.code("\n\n".join(filter(None, (reply.reasoning, reply.text))), language=None, wrap_lines=True)


def _provenance(reading: Reading) -> None:
    sample = reading.sample
    facts = {
        "stop": sample.stop.value, "answered as": sample.model, "SIMULATED": reading.simulated or None,
        "request id": sample.request_id, "received": sample.received_at, "latency (s)": sample.latency_s,
        "frame": reading.trial.prompt.frame, "key": reading.trial.key,
        **{name.replace("_", " "): value for name, value in asdict(sample.usage).items()},
    }  # fmt: skip
    st.caption("Provenance")
    st.code("\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None), language=None,
            wrap_lines=True)  # fmt: skip
    with st.expander("Request as sent, and the reply as it came", icon=":material/data_object:"):
        st.json(dict(reading.request), expanded=1)
        st.code(sample.text, language=None, wrap_lines=True)
