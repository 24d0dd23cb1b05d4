"""Writes data sets with ragas; for ragas's own environment."""

from ragas import EvaluationDataset, MultiTurnSample
from ragas.messages import AIMessage, HumanMessage

ROWS = [
    {
        "user_input": "When does the museum open on Sunday?",
        "retrieved_contexts": ["Open 9 to 17, on Sunday from 11.", 'Visitors\' entrance: "West".'],
        "response": 'It opens at nine, "sharp".\nCome early.',
        "reference": "At eleven.",
    },
    {
        "user_input": "Is the cafe open in winter?",
        "retrieved_contexts": ["The cafe is open from 10 to 16."],
        "response": "Yes, from ten to four.",
        "reference": "Yes, 10 to 16.",
    },
]
TALK = [
    HumanMessage(content="Hello"),
    AIMessage(content="Good morning"),
    HumanMessage(content="Is the cafe open?"),
    AIMessage(content="No."),
]

single = EvaluationDataset.from_list(ROWS)
single.to_jsonl("single.jsonl")
single.to_csv("single.csv")
several = EvaluationDataset(samples=[MultiTurnSample(user_input=TALK, reference="Yes.")])
several.to_jsonl("talk.jsonl")
