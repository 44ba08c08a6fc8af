"""`docs`: the documentation, without a checkout and without a browser."""

from __future__ import annotations

import argparse

from flowise_constructs.cli.common import DONE, REFUSED, Commands, UnusableError, add_command
from flowise_constructs.cli.pages import matching, pages
from flowise_constructs.cli.terminal import say
from flowise_constructs.importers.notes import nearest

_DESCRIPTION = """\
Without TOPIC lists the pages of the documentation and the examples; with it prints one, as Markdown or as the Python
of an example's app. The last part of a topic is enough where no other page has it.

Every public name with its fields: python -m pydoc flowise_constructs.QueueChart
Exits with 1 if no page has the words of --search, and with 2 if there is no such page.
"""


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(commands, "docs", summary="the documentation, a page at a time", description=_DESCRIPTION)
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help="the page, such as how-to/own-ca, or own-ca")
    parser.add_argument("--search", metavar="WORDS", help="the lines that have these words, instead of a page")
    parser.set_defaults(run=run)


def run(parsed: argparse.Namespace) -> int:
    """Lists, searches or prints."""
    if not pages():
        raise UnusableError("docs: this installation has no pages: install the wheel, or from a checkout")
    if parsed.search is not None:
        return _search(parsed.search, parsed.topic)
    if parsed.topic is None:
        width = max(map(len, pages()))
        print("".join(f"{topic:{width}}  {page.title}\n" for topic, page in pages().items()), end="")
        return DONE
    print(_one(parsed.topic), end="")
    return DONE


def _one(topic: str) -> str:
    found = matching(topic)
    if len(found) > 1:
        raise UnusableError(f"docs: {topic!r} is more than one page: {', '.join(page.topic for page in found)}")
    if not found:
        known = [name for page in pages() for name in (page, page.rpartition("/")[2])]
        listed = nearest(topic, known) or ": 'flowise-constructs docs' lists them all"
        raise UnusableError(f"docs: there is no page {topic!r}{listed}")
    return found[0].text


def _search(words: str, topic: str | None) -> int:
    wanted = words.lower()
    found = [
        f"{page.topic}:{number}: {line.strip()}"
        for page in (pages().values() if topic is None else matching(topic))
        for number, line in enumerate(page.text.splitlines(), 1)
        if wanted in line.lower()
    ]
    if not found:
        say("error", f"no page has {words!r}: try a part of it, or 'flowise-constructs docs' for all pages")
        return REFUSED
    print("\n".join(found))
    return DONE
