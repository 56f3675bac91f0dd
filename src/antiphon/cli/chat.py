"""`antiphon chat`: type with the language model of the local bot."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Console

from antiphon.cli.told import told
from antiphon.clock import run_real
from antiphon.context import AssistantMessage, Context, UserMessage
from antiphon.services.base import LLM, TextDelta, Warmable


def chat(
    model: Annotated[
        str | None, typer.Option(help="A model's name, a GGUF file, or a hub id; else the local bot's.")
    ] = None,
    url: Annotated[
        str | None,
        typer.Option("--url", help="An OpenAI-compatible endpoint, for example http://localhost:8080/v1"),
    ] = None,
    message: Annotated[
        list[str] | None, typer.Option("--message", "-m", help="Say this and end; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Type with a language model. An empty line, or Ctrl-D, ends it.

    Examples: `antiphon chat`, `antiphon chat -m "Why is the sky blue?"`,
    `antiphon chat --url http://localhost:8080/v1 --model llama3`
    """
    from antiphon.local_bot import DEFAULT_MODEL, MODEL_VARIABLE

    name = model or os.environ.get(MODEL_VARIABLE, DEFAULT_MODEL)
    with told():
        turns = run_real(_chat(_service(name, url), message or [], quiet=as_json))
    if as_json:
        typer.echo(json.dumps({"turns": turns}, ensure_ascii=False))


def _service(name: str, url: str | None) -> LLM:
    if url is not None:
        from antiphon.services.openai import OpenAI

        return OpenAI(name, base_url=url)
    from antiphon.services.local import Llama

    return Llama(name)


async def _chat(llm: LLM, messages: list[str], *, quiet: bool) -> list[dict[str, str]]:
    from antiphon.local_bot import INSTRUCTIONS

    if isinstance(llm, Warmable):
        with Console(stderr=True).status("Waking the model ..."):
            await llm.warm()
    context = Context.of(INSTRUCTIONS)
    turns: list[dict[str, str]] = []
    for text in _lines(messages, quiet=quiet):
        context = context.append(UserMessage.of(text))
        answer = await _answer(llm, context, quiet=quiet)
        context = context.append(AssistantMessage(answer))
        turns.append({"user": text, "bot": answer})
    return turns


def _lines(messages: list[str], *, quiet: bool) -> Iterator[str]:
    """What was given on the command line, or else what is typed, until an empty line."""
    keyboard = not messages and sys.stdin.isatty()
    given = iter(messages) if messages else _typed("You  " if keyboard and not quiet else "")
    for text in given:
        if not keyboard and not quiet:
            typer.echo(f"You  {text}")
        yield text


def _typed(prompt: str) -> Iterator[str]:
    while text := _ask(prompt):
        yield text


def _ask(prompt: str) -> str:
    try:
        return input(prompt).strip()
    except EOFError:
        return ""


async def _answer(llm: LLM, context: Context, *, quiet: bool) -> str:
    text = ""
    if not quiet:
        sys.stdout.write("Bot  ")
    async for item in llm.generate(context):
        if isinstance(item, TextDelta):
            text += item.text
            if not quiet:
                sys.stdout.write(item.text)
                sys.stdout.flush()
    if not quiet:
        sys.stdout.write("\n")
    return text
