"""The official JavaScript client with both of its transports: what it sees, hears and can do."""

from __future__ import annotations

import pytest

from .sdk import App, Told
from .serving import Served

pytestmark = [pytest.mark.slow, pytest.mark.alone]

KINDS = ["webrtc", "websocket"]

CONNECT_MS = 10_000.0
SILENT_MS = 5_000.0
"""Wide, as the machine may be at work with other things: `measure.py` says what it takes when it is not.

The story that is interrupted would go on for three times as long."""


def outputs(app: App, since: float = 0.0) -> list[Told]:
    return app.events("botOutput", since)


def connected(app: App, kind: str, server: Served) -> None:
    app.make(kind)
    app.start(kind, server.url)


@pytest.mark.parametrize("kind", KINDS)
def test_a_conversation(app: App, server: Served, kind: str) -> None:
    app.make(kind)
    first = app.start(kind, server.url)
    assert first.ready["version"] == "2.1.0"
    assert first.ready["about"]["library"] == "antiphon"
    assert first.ms < CONNECT_MS
    assert app.state == "ready"

    said = app.say("weather")
    heard = app.sound(said.ends)
    print(f"{kind}: connected in {first.ms:.0f} ms, answer after {heard - said.ends:.0f} ms")
    app.wait("botStoppedSpeaking", said.ends)
    transcripts = [each.data for each in app.events("userTranscript") if each.data["final"]]
    assert len(transcripts) == 1
    assert "weather" in transcripts[0]["text"].lower()
    assert transcripts[0]["user_id"] == ""
    lives = [each.data for each in outputs(app)]
    assert {data["segment_id"] for data in lives} == {lives[0]["segment_id"]}
    states = [data["spoken_status"] for data in lives]
    assert states == ["new", *["in-progress"] * (len(states) - 2), "completed"]
    assert {data["text"] for data in lives} == {"Blue skies all day."}
    assert app.silence(app.now()) < app.now()


@pytest.mark.parametrize("kind", KINDS)
def test_a_barge_in(app: App, server: Served, kind: str) -> None:
    connected(app, kind, server)
    said = app.say("story")
    app.sound(said.ends)
    app.pause(1.0)
    over = app.say("stop")
    detected = app.wait("userStartedSpeaking", over.begins)
    quiet = app.silence(over.begins)
    print(f"{kind}: silent {quiet - over.begins:.0f} ms after the first sound of the user")
    assert quiet < detected.at + SILENT_MS
    answered = app.sound(over.ends)
    cut = [each for each in outputs(app) if "interrupted" in each.data]
    assert len(cut) == 1
    assert cut[0].data["spoken_progress"]["remaining_text"] != ""
    app.wait(
        "botOutput",
        answered - 500,
        "data.text === 'Blue skies all day.' && data.spoken_status === 'completed'",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_text_requests_messages_and_functions(app: App, server: Served, kind: str) -> None:
    connected(app, kind, server)
    began = app.now()
    app.call("sendText", "Tell me a story.")
    app.sound(began)
    app.pause(0.5)
    again = app.now()
    app.call("sendText", "How is the weather?")
    quiet = app.silence(again, 60.0)
    assert quiet < again + SILENT_MS
    app.wait("botOutput", again, "data.text === 'Blue skies all day.' && data.spoken_status === 'completed'")

    assert app.call("sendClientRequest", "echo", {"a": [1, "ü"]}) == {"a": [1, "ü"]}
    refused = app.run(
        "() => app.client().sendClientRequest('what', {}).then(() => '', (error) => JSON.stringify(error))"
    )
    assert "Nobody knows what." in refused
    app.call("sendClientMessage", "push", "for you")
    assert app.wait("serverMessage").data == {"pushed": "for you"}

    asked = app.now()
    app.call("sendText", "What colour is the grass?")
    app.wait("botOutput", asked, "data.text.includes('grass is green') && data.spoken_status === 'completed'")
    assert app.events("error") == []


@pytest.mark.parametrize("kind", KINDS)
def test_mute_disconnect_and_reconnect(app: App, server: Served, kind: str) -> None:
    connected(app, kind, server)
    app.call("enableMic", False)
    app.pause(0.3)
    muted = app.say("story")
    app.pause(2.5)
    assert app.events("userStartedSpeaking", muted.begins) == []
    app.call("enableMic", True)
    app.pause(0.3)
    said = app.say("weather")
    app.wait("botStartedSpeaking", said.ends)

    app.call("disconnect")
    assert app.state == "disconnected"
    began = app.now()
    app.start(kind, server.url)
    said = app.say("weather")
    app.wait("botOutput", began, "data.spoken_status === 'completed'")

    app.call("disconnectBot")
    app.wait("disconnected", began)
    assert app.state == "disconnected"


def test_webrtc_without_start(app: App, server: Served) -> None:
    app.make("webrtc")
    ready = app.connect("connect", {"webrtcRequestParams": {"endpoint": f"{server.url}/api/offer"}})
    assert ready.ms < CONNECT_MS
    assert app.call("sendClientRequest", "echo", 1) == 1


def test_webrtc_that_waits_for_its_candidates(app: App, server: Served) -> None:
    app.make("webrtc", waitForICEGathering=True)
    assert app.start("webrtc", server.url).ms < CONNECT_MS
    assert app.call("sendClientRequest", "echo", 1) == 1


def test_webrtc_of_a_client_whose_addresses_are_hidden(app: App, server: Served) -> None:
    app.context.clear_permissions()
    app.make("webrtc")
    assert app.start("webrtc", server.url).ms < CONNECT_MS
    assert app.call("sendClientRequest", "echo", 1) == 1


def test_websocket_without_start(app: App, server: Served) -> None:
    app.make("websocket")
    ready = app.connect("connect", {"wsUrl": f"{server.socket_url}/ws-client"})
    assert ready.ms < CONNECT_MS
    assert app.call("sendClientRequest", "echo", 1) == 1


def test_an_ice_restart_keeps_the_session(app: App, server: Served) -> None:
    connected(app, "webrtc", server)
    app.call("sendText", "How is the weather?")
    app.wait("botOutput", 0.0, "data.spoken_status === 'completed'")
    ended = server.metric("antiphon_sessions_ended_total")
    ms = app.run("() => app.restart()")
    print(f"ICE restart: {ms:.0f} ms")
    assert ms < CONNECT_MS
    restarted = app.now()
    app.pause(1.0)
    said = app.say("weather")
    app.sound(said.ends)
    app.wait("botOutput", restarted, "data.spoken_status === 'completed'")
    assert server.metric("antiphon_sessions_ended_total") == ended
    assert app.call("sendClientRequest", "echo", 1) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_bot_that_cannot_start_is_told_in_a_sentence(app: App, server: Served, kind: str) -> None:
    app.make(kind)
    app.run(
        "([base, kind]) => { app.client().startBotAndConnect({ endpoint: `${base}/start`,"
        " requestData: { transport: kind, body: { bot: 'missing' } } }).catch(() => {}) }",
        [server.url, kind],
    )
    error = app.wait("error", 0.0, "JSON.stringify(data).includes('voice')")
    assert "antiphon models fetch" in str(error.data)


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_sessions_leave_nothing_behind(app: App, server: Served, kind: str) -> None:
    def sessions(count: int) -> None:
        for _ in range(count):
            app.make(kind)
            app.start(kind, server.url, {"bot": "timed"})
            app.call("disconnect")
        for _ in range(100):
            if server.metric("antiphon_sessions") == 0:
                return
            app.pause(0.1)

    def left_behind(most: dict[str, float]) -> dict[str, float]:
        found = server.footprint()
        for _ in range(200):
            if all(found[name] <= count for name, count in most.items()):
                break
            app.pause(0.1)
            found = server.footprint()
        return found

    sessions(3)
    app.pause(1.0)
    before = server.footprint()
    sessions(20)
    most = {"threads": before["threads"] + 2, "files": before["files"] + 2}
    after = left_behind(most)
    print(f"{kind}: {before} -> {after}, late {server.metric('antiphon_late_total'):.0f} times")
    assert server.metric("antiphon_sessions") == 0
    assert {name: after[name] for name in most if after[name] > most[name]} == {}
    assert after["memory_mb"] <= before["memory_mb"] + 30
