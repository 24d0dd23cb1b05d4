"""What we conclude: rules about information and behaviour, and the engine that runs them."""

from advisor_rules.advise import advise
from advisor_rules.facts import InvalidFacts
from advisor_rules.load import default_rulebook, load_rulebook
from advisor_rules.model import Advice, FactValue
from advisor_rules.safe_yaml import InvalidFile

__all__ = [
    "Advice",
    "FactValue",
    "InvalidFacts",
    "InvalidFile",
    "advise",
    "default_rulebook",
    "load_rulebook",
]
