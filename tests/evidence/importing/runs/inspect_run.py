"""Runs a small evaluation with Inspect AI's offline model; for Inspect AI's own environment."""

import sys

import inspect_ai
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageUser, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, accuracy, includes, scorer
from inspect_ai.solver import TaskState, generate, system_message

REPLIES = ["The museum opens at nine on Sunday.", "Yes, from ten to four.", "The second floor."]


def output(text: str) -> ModelOutput:
    made = ModelOutput.from_content("mockllm/model", text)
    # Without a usage the tokens would be counted, for which a vocabulary is fetched.
    made.usage = ModelUsage(input_tokens=9, output_tokens=5, total_tokens=14)
    return made


@scorer(metrics=[accuracy()])
def reviewer() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        answer = state.output.completion
        wrong = "nine" in answer
        said = (
            "The hour is wrong: Sundays start at eleven." if wrong else "Agrees with the leaflet."
        )
        return Score(value="I" if wrong else "C", answer=answer, explanation=said)

    return score


task = inspect_ai.Task(
    name="museum",
    dataset=[
        Sample(
            id="sunday",
            input="When does the museum open on Sunday?",
            target="at eleven",
            metadata={"topic": "hours"},
        ),
        Sample(
            id="cafe",
            input=[ChatMessageUser(content="Is the cafe open in winter?")],
            target=["ten to four", "10 to 16"],
        ),
        Sample(id="clocks", input="Which floor has the clocks?", target="second"),
    ],
    solver=[system_message("Answer from the leaflet."), generate()],
    scorer=[includes(), reviewer()],
)
for form in sys.argv[1:]:
    outputs = [output(reply) for reply in REPLIES]
    # One kept from before would have no replies left.
    model = get_model("mockllm/model", memoize=False, custom_outputs=outputs)
    inspect_ai.eval(task, model=model, log_dir=".", log_format=form, display="none", max_samples=1)
