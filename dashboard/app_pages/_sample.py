"""One sample in full: its prompt with the facts, its reply with the words that scores rest on, where it is from."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import streamlit as st

from cache.query import Query
from dashboard import state, state_samples
from dashboard.app_pages._boxes import problem
from dashboard.app_pages._transcript import quotes_view, section, text_view
from dashboard.escape import plain
from dashboard.long_text import MOST, beginning, evidence
from dashboard.opened_files import file_of
from dashboard.prompt_marks import marks
from dashboard.quotes import REASONING, VISIBLE, quotes_of
from dashboard.reading import Reading, read
from dashboard.results import ModelResults, Results
from dashboard.row import Row
from dashboard.sample_table import sample_file
from facts.catalog import Library
from facts.errors import FactError

_MOST_JSON = 200_000  # characters
_ROLES = {"system": "System prompt, facts marked", "user": "User message", "assistant": "Assistant message"}


def reading_of(results: Results, model: ModelResults, row: Row, library: Library) -> Reading | None:
    """The sample with all that is known about it; where there is none any more, says so."""
    try:
        reading = read(results, model, row, library, state.store())
    except FactError as error:
        problem(error)
        return None
    if reading is None:
        problem("this sample is not in the store any more; run the comparison again to have it back")
    return reading


def sample_view(reading: Reading, library: Library, query: Query | None) -> None:
    """The prompt at the left, the reply and its scores at the right."""
    title(reading)
    quotes = quotes_of(reading)
    left, right = st.columns(2, gap="medium")
    with left:
        _prompt(reading, library)
    with right:
        if reading.transcript.reasoning:
            section(reading, REASONING, quotes, query)
        section(reading, VISIBLE, quotes, query)
        quotes_view(quotes)
        _scores(reading)
        _further(reading)
        _provenance(reading)


def title(reading: Reading) -> None:
    """Which sample this is."""
    trial = reading.trial
    mark = "SIMULATED · " if reading.simulated else ""
    st.header(
        f"{mark}{plain(trial.condition.arm)} · {trial.condition.tier.value} · {plain(trial.query.id)} · "
        f"replicate {trial.replicate + 1}",
        anchor=False,
    )


def take_away(results: Results, model: ModelResults, row: Row) -> None:
    """The sample's address, and the sample as a file."""
    with st.popover("Link", icon=":material/link:"):
        st.caption("Opens this very sample, whatever the filters")
        st.code(state_samples.link(), language=None, wrap_lines=True)
    st.download_button(
        "JSON", partial(sample_file, results, model, row, state.store()), on_click="ignore", icon=":material/download:",
        file_name=f"sample-{row.key.rpartition(':')[2][:12]}.json", mime="application/json",
    )  # fmt: skip


def _prompt(reading: Reading, library: Library) -> None:
    prompt = reading.trial.prompt
    for number, (message, found) in enumerate(zip(prompt.messages, marks(prompt, library), strict=True)):
        st.caption(_ROLES[message.role])
        text_view(message.text, found, f"{reading.trial.key}_message_{number}")
    if reading.request.get("system") != prompt.messages[0].text:
        problem("the facts' wordings have changed since this was sampled; the text that was sent is under Request")


def _scores(reading: Reading) -> None:
    rows = [
        {"metric": name, "about": score.fact or score.part, "class": score.value or "unscored", "number": score.number,
         "evidence": evidence(score.evidence), "reason": evidence(score.reason)}
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
            st.code(beginning(request.turns[-1].text), language=None, wrap_lines=True)
            st.code(beginning("\n\n".join(filter(None, (reply.reasoning, reply.text)))), language=None,
                    wrap_lines=True)  # fmt: skip


def _provenance(reading: Reading) -> None:
    sample = reading.sample
    came = file_of(state.workspace(), reading.trial.key)
    facts = {
        "stop": sample.stop.value, "answered as": sample.model, "SIMULATED": reading.simulated or None,
        "request id": sample.request_id, "received": sample.received_at, "latency (s)": sample.latency_s,
        "frame": reading.trial.prompt.frame, "key": reading.trial.key, "not sampled here": came and came.line,
        **{name.replace("_", " "): value for name, value in asdict(sample.usage).items()},
    }  # fmt: skip
    st.caption("Provenance")
    st.code("\n".join(f"{name}: {value}" for name, value in facts.items() if value is not None), language=None,
            wrap_lines=True)  # fmt: skip
    with st.expander("Request as sent, and the reply as it came", icon=":material/data_object:", on_change="rerun",
                     key=f"request_{reading.trial.key}") as box:  # fmt: skip
        if box.open:
            if len(str(reading.request)) > _MOST_JSON:
                st.caption("Too long to be shown here; the download holds it.")
            else:
                st.json(dict(reading.request), expanded=1)
            st.code(beginning(sample.text), language=None, wrap_lines=True)
            if len(sample.text) > MOST:
                st.caption(f"The beginning of {len(sample.text):,} characters; the download holds all.")
