"""Data about people: addresses, telephone and account numbers, names that are introduced.

Numbers with a check digit are checked, telephone numbers are those that Google's library holds
valid. Names are found where a text introduces them. What was found is never repeated.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from trainer.contract import Finding
from trainer.dataset.checks._base import found
from trainer.dataset.rows import said
from trainer.dataset.view import View

NEEDS = "phonenumbers"
LIMITS = (
    "Names of people and postal addresses are found only where a text introduces them (my name is, "
    "Mrs); no model of names is at work."
)
REGIONS = ("US", "GB", "DE", "FR", "ES", "IN", "BR", "AU")
"""Countries whose numbers are known without a country code, if written in their groups."""
LONGEST = 100_000
"""Characters of a row that are looked at."""

_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-zA-Z0-9-]{1,63}\.){1,8}[a-zA-Z]{2,24}\b")
_EXAMPLE = re.compile(r"@(?:[\w.-]+\.)?example\.|\.(?:example|invalid|test)$", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"(?<![\d-])\d(?:[ -]?\d){12,18}(?![\d-])")
_ISSUERS = ("3", "4", "5", "6", "22", "23", "24", "25", "26", "27", "1800", "2131")
"""What numbers of payment cards begin with, by issuer."""
_SSN = re.compile(r"(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\d-])")
_IP = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)|(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b",
    re.IGNORECASE,
)
_BORN = re.compile(r"\b(?:date of birth|dob|born on)\b[^\n]{0,20}?\d{1,4}[ ./-]", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:[Mm]y (?:full )?name is|[Mm]y name's|(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b\.?) +"
    r"[A-Z][\w'’-]+(?: [A-Z][\w'’-]+)*"
)
_DIGITS = re.compile(r"\d")


def find(view: View) -> Iterator[Finding]:
    """One finding for each kind, with the rows of train that hold it."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row in view.train:
        text = "\n".join(said(item) for item in row.messages if item["role"] != "system")
        for kind, holds in _KINDS.items():
            if holds(text[:LONGEST]):
                rows[kind].append(row.number)
    for kind, numbers in rows.items():
        yield found(
            "warning",
            f"Personal data: {kind}",
            "A model can say what it was trained on, whoever asks.",
            "Put invented ones in their place, unless you may use them and the task needs them.",
            numbers,
            sources=("MIR",),
        )


def _mail(text: str) -> bool:
    return "@" in text and any(not _EXAMPLE.search(one) for one in _MAIL.findall(text))


def _phone(text: str) -> bool:
    """Whether the text holds a valid telephone number."""
    if len(_DIGITS.findall(text)) < 7:
        return False
    from phonenumbers import Leniency, PhoneNumberMatcher

    if "+" in text and any(True for _ in PhoneNumberMatcher(text, None, Leniency.VALID)):
        return True
    return any(
        _grouped(found.raw_string)
        for region in REGIONS
        for found in PhoneNumberMatcher(text, region, Leniency.STRICT_GROUPING)
    )


def _grouped(number: str) -> bool:
    """Whether it is written as a telephone number: a bare run of digits may count anything."""
    return bool(re.search(r"\d[ ()./-]+\d", number.strip()))


def _card(text: str) -> bool:
    numbers = ("".join(filter(str.isdigit, one)) for one in _CARD.findall(text))
    return any(number.startswith(_ISSUERS) and luhn(number) for number in numbers)


def luhn(number: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812-1, annex B)."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _iban(text: str) -> bool:
    return any(iban(one) for one in _IBAN.findall(text))


def iban(number: str) -> bool:
    """Whether the check digits are right (ISO 13616: 1 modulo 97)."""
    plain = number.replace(" ", "")
    turned = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _address(text: str) -> bool:
    """Whether the text holds an address of the public internet."""
    return any(_global(one) for one in _IP.findall(text))


def _global(text: str) -> bool:
    if all(len(part) == 1 for part in text.split(".")):
        return False  # a version, such as 1.2.3.4
    try:
        return ip_address(text).is_global
    except ValueError:
        return False


_KINDS: dict[str, Callable[[str], bool]] = {
    "mail addresses": _mail,
    "telephone numbers": _phone,
    "card numbers": _card,
    "bank accounts (IBAN)": _iban,
    "social security numbers (US)": lambda text: bool(_SSN.search(text)),
    "internet addresses": _address,
    "dates of birth": lambda text: bool(_BORN.search(text)),
    "names of people": lambda text: bool(_NAMED.search(text)),
}
