"""`antiphon talk`: hold a conversation from sound files, or with the sound card, and show how it went."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from antiphon.audio.meter import LevelMeter
from antiphon.bots import Bot, build, load_bot
from antiphon.cli.report import Report
from antiphon.cli.told import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MISTAKE, told
from antiphon.clock import run_real, run_virtual
from antiphon.observe.timeline import TimelineRecorder
from antiphon.observe.timeline_html import TimelineError, check_writable
from antiphon.observe.waterfall import Waterfall
from antiphon.processor import Processor
from antiphon.record import LogWriter, Opened, Recorder
from antiphon.session import Ended, Session, SessionResult, Transport
from antiphon.transports.file import FileTransport, load_question


def talk(
    bot: Annotated[
        Path | None, typer.Argument(help="A Python file with `async def bot(session)`; else the local bot.")
    ] = None,
    questions: Annotated[
        list[Path] | None, typer.Option("--in", help="A WAV file to say; one for each turn.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where the recording goes (stereo WAV).")] = Path(
        "call.wav"
    ),
    barge_in: Annotated[
        float | None,
        typer.Option("--barge-in", min=0, help="Say the next question so many seconds into the answer."),
    ] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Use the sound card instead of files.")] = False,
    virtual: Annotated[
        bool, typer.Option("--virtual", help="Run in virtual time: as fast as the models allow.")
    ] = False,
    timeline: Annotated[
        Path | None, typer.Option("--timeline", help="Write the conversation as one HTML page to this file.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="Write all that comes from outside to this session log.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Talk to a bot, hear it answer, and see where the time went.

    Examples: `antiphon talk --in question.wav --out call.wav`,
    `antiphon talk bot.py --in hello.wav --in stop.wav --barge-in 1`, `antiphon talk --mic`,
    `antiphon talk --in question.wav --timeline call.html`,
    `antiphon talk --mic --record call.antiphon` (see `antiphon replay`)

    The recording has you on the left and the bot on the right.
    """
    report = Report(quiet=as_json, timeline=_page(timeline))
    with told():
        chosen = load_bot(bot)
        if mic:
            from antiphon.transports.sound_card import SoundCardTransport

            transport: Transport = SoundCardTransport()
            path = None
        elif questions:
            transport = FileTransport([load_question(q) for q in questions], out, barge_in=barge_in)
            path = out
        else:
            typer.echo("antiphon: Say something: give --in question.wav (or --mic).", err=True)
            raise typer.Exit(EXIT_MISTAKE)
        log = None if record is None else LogWriter.create(record, Opened(bot=str(bot or "")))
        _hold(chosen, transport, report, path, log, virtual=virtual)
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False))
    raise typer.Exit(report.exit_code)


def _page(path: Path | None) -> Path | None:
    try:
        if path is not None:
            check_writable(path)
    except TimelineError as error:
        typer.echo(f"antiphon: {error}", err=True)
        raise typer.Exit(EXIT_MISTAKE) from None
    return path


def _hold(
    bot: Bot,
    transport: Transport,
    report: Report,
    path: Path | None,
    log: LogWriter | None,
    *,
    virtual: bool,
) -> None:
    conversation = _conversation(bot, transport, report, log)
    try:
        result = run_virtual(conversation) if virtual else run_real(conversation)
    except KeyboardInterrupt:
        report.interrupted()
        result = SessionResult(Ended.CANCELLED, "stopped from the keyboard")
        report.exit_code = EXIT_INTERRUPTED
    if result.ended is Ended.FAILED:
        report.exit_code = EXIT_FAILED
    if isinstance(transport, FileTransport):
        transport.recorder.close()
        report.audio(path, transport.recorder.seconds)
    report.finish(result)


async def _conversation(
    bot: Bot, transport: Transport, report: Report, log: LogWriter | None
) -> SessionResult:
    session = Session(transport=transport)

    def end_of_speech() -> float | None:
        ends = transport.source.speech_ends if isinstance(transport, FileTransport) else []
        return next((end for end in reversed(ends) if end <= session.now()), None)

    waterfall = Waterfall(lambda: session.clock, end_of_speech=end_of_speech, changed=report.line)
    session.observers.append(waterfall)
    report.turns = waterfall.turns
    if report.wants_timeline:
        recorder = TimelineRecorder(lambda: session.clock, waterfall=waterfall)
        session.observers.append(recorder)
        report.record(lambda: recorder.timeline(origin=_beginning(transport)))
    with report.loading():
        pipeline = await build(bot, session)
    with report.microphone(_meter(transport)):
        if log is None:
            return await session.run(pipeline)
        return await _recorded(session, pipeline, log)


async def _recorded(session: Session, pipeline: Processor, log: LogWriter) -> SessionResult:
    recorder = Recorder(session, log)
    try:
        result = await session.run(recorder.record(pipeline))
        recorder.finish(result)
    finally:
        log.close()
    return result


def _meter(transport: Transport) -> LevelMeter | None:
    """The level of a microphone; None where there is none."""
    meter = getattr(transport, "meter", None)
    return meter if isinstance(meter, LevelMeter) else None


def _beginning(transport: Transport) -> float | None:
    """The session time at which the recording begins; None where there is no recording."""
    return transport.source.began if isinstance(transport, FileTransport) else None
