"""Runs inspect_ai against the fake server and prints [CPU seconds, wall seconds]; run by sampling.py."""

import json
import sys
import time

from inspect_ai import Task
from inspect_ai import eval as run
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model
from inspect_ai.solver import generate

url, count, concurrent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PROMPT = "The filing cabinets were moved to the second floor. " * 235
model = get_model("openai/fake-1", base_url=url, api_key="none", responses_api=False)
samples = [
    Sample(id=str(n), input=[ChatMessageSystem(content=PROMPT), ChatMessageUser(content=f"q{n}")], target="x")
    for n in range(count)
]
task = Task(dataset=samples, solver=generate(), config=GenerateConfig(max_tokens=300, temperature=1.0))
cpu, wall = time.process_time(), time.perf_counter()
logs = run(task, model=model, max_connections=concurrent, max_samples=concurrent, display="none", log_dir="logs")
assert logs[0].status == "success", logs[0].error
print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]))
