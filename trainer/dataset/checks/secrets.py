"""Keys, tokens and passwords in the rows; a model that has read them can say them.

The detectors are those of detect-secrets, with a few patterns for services that it does not know.
What was found is never repeated: the finding names its kind and its row.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, Literal

from trainer.contract import Finding
from trainer.dataset.checks._base import found
from trainer.dataset.rows import Row, said
from trainer.dataset.view import View

NEEDS = "detect_secrets"
PIECE, LONGEST = 8_000, 1_000
"""Characters that are looked at together, and how long a secret across two pieces may be."""
_DETECTORS = (
    "artifactory.ArtifactoryDetector", "aws.AWSKeyDetector",
    "azure_storage_key.AzureStorageKeyDetector", "basic_auth.BasicAuthDetector",
    "cloudant.CloudantDetector", "discord.DiscordBotTokenDetector",
    "github_token.GitHubTokenDetector", "gitlab_token.GitLabTokenDetector",
    "ibm_cloud_iam.IbmCloudIamDetector", "ibm_cos_hmac.IbmCosHmacDetector",
    "jwt.JwtTokenDetector", "mailchimp.MailchimpDetector", "npm.NpmDetector",
    "openai.OpenAIDetector", "private_key.PrivateKeyDetector", "pypi_token.PypiTokenDetector",
    "sendgrid.SendGridDetector", "slack.SlackDetector", "softlayer.SoftlayerDetector",
    "square_oauth.SquareOAuthDetector", "stripe.StripeDetector",
    "telegram_token.TelegramBotTokenDetector", "twilio.TwilioKeyDetector",
)  # fmt: skip
"""Without its measures of entropy, which take prose between quotes for keys."""
_LIKELY = ("keyword.KeywordDetector",)
"""Finds ``password = "..."``, which may be an example."""
_PATTERNS = {
    "Google API key": re.compile(r"\bAIza[\w-]{35}"),
    "Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "Anthropic API key": re.compile(r"\bsk-ant-[\w-]{20,}"),
    "OpenAI API key": re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{40,}"),
    "Databricks token": re.compile(r"\bdapi[0-9a-f]{32}\b"),
}


def find(view: View) -> Iterator[Finding]:
    """What looks exactly like a secret blocks; what is written like one a person has to judge."""
    sure: dict[str, list[int]] = defaultdict(list)
    likely: dict[str, list[int]] = defaultdict(list)
    for row in view.train:
        text = _text(row)
        for kind in _kinds(text):
            sure[kind].append(row.number)
        for kind, finds in _named(_LIKELY):
            if any(finds(line) for line in text.splitlines()):
                likely[kind].append(row.number)
    graded: tuple[tuple[Literal["error", "warning"], dict[str, list[int]]], ...] = (
        ("error", sure),
        ("warning", likely),
    )
    for severity, kinds in graded:
        for kind, rows in sorted(kinds.items()):
            yield found(
                severity,
                f"Secrets: {kind}",
                "A model can say what it was trained on, whoever asks.",
                "Take them out or put an invented one in their place, and revoke the real one.",
                rows,
                sources=("MIR",),
            )


def _kinds(text: str) -> set[str]:
    """The kinds of secret in a text; looked at piece by piece, since some patterns look ahead."""
    kinds: set[str] = set()
    for start in range(0, max(len(text), 1), PIECE):
        piece = text[start : start + PIECE + LONGEST]
        kinds |= {kind for kind, pattern in _PATTERNS.items() if pattern.search(piece)}
        kinds |= {kind for kind, finds in _named(_DETECTORS) if finds(piece)}
    return kinds


def _text(row: Row) -> str:
    return "\n".join(said(message) for message in row.messages if message["role"] != "system")


@cache
def _named(names: tuple[str, ...]) -> tuple[tuple[str, Callable[[str], Any]], ...]:
    """Kind of secret -> whether a text holds one."""
    made = []
    for name in names:
        module, _, kind = name.partition(".")
        detector = getattr(import_module(f"detect_secrets.plugins.{module}"), kind)()
        made.append((detector.secret_type, _holds(detector)))
    return tuple(made)


def _holds(detector: Any) -> Callable[[str], bool]:
    return lambda text: any(True for _ in detector.analyze_string(text))
