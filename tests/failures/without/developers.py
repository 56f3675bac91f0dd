"""Guards of F31 to F33: what a developer sees."""

from __future__ import annotations

from failures.guard import Guard

DEVELOPERS = (
    Guard(
        31,
        "what a processor does not handle passes it by",
        "dispatch.py",
        "            handler.arrive(frame)\n            return\n        lane = lane.next\n",
        "            handler.arrive(frame)\n            return\n"
        "        if kind.__name__ == 'TTSAudioRawFrame' and lane.owner.processor.name == 'Forgetful':\n"
        "            return\n        lane = lane.next\n",
        ("test_developers::test_f31_who_forgets_to_forward_breaks_nothing_but_what_it_took",),
    ),
    Guard(
        31,
        "an end passes whoever handles it",
        "dispatch.py",
        "            await self.node.work_done()\n        deliver(self.lane.next, frame)",
        "            await self.node.work_done()\n            return\n        deliver(self.lane.next, frame)",
        ("test_developers::test_f31_start_and_end_pass_whatever_a_handler_gives_back",),
    ),
    Guard(
        31,
        "a start passes whoever handles it",
        "dispatch.py",
        "        if frame.urgent:\n            deliver(self.lane.next, frame)\n",
        "        if frame.urgent:\n            if not self.method:\n"
        "                deliver(self.lane.next, frame)\n",
        ("test_developers::test_f31_start_and_end_pass_whatever_a_handler_gives_back",),
    ),
    Guard(
        31,
        "an exception is told, with who raised it on what",
        "node.py",
        "deliver(self.up.next, ErrorFrame(describe(error), fatal, self.name, frame.name))",
        "pass",
        ("test_developers::test_f31_who_raises_is_named_and_the_rest_goes_on",),
    ),
    Guard(
        31,
        "who lacks what it needs is refused",
        "wiring.py",
        "    if processor.needs and not stream.carries(processor.needs):",
        "    if False:",
        ("test_developers::test_f31_who_stands_in_the_wrong_place_is_named_before_the_start",),
    ),
    Guard(
        31,
        "who keeps what another waits for is refused",
        "wiring.py",
        "    for mistake in forgotten(pipeline):\n        raise WiringError(str(mistake))\n",
        "",
        ("test_developers::test_f31_who_keeps_what_another_waits_for_is_named_before_the_start",),
    ),
    Guard(
        31,
        "who is there twice is refused",
        "wiring.py",
        "            if id(thing) in seen:",
        "            if False:",
        ("test_developers::test_f31_one_processor_in_two_places_is_refused",),
    ),
    Guard(
        32,
        "the order of tasks comes from the seed",
        "clock.py",
        "random.Random(seed)",
        "random.Random()",
        ("test_developers::test_f32_the_same_seed_gives_the_same_call_to_the_byte",),
    ),
    Guard(
        32,
        "in a replay, the log speaks for the services",
        "record/played.py",
        "            part.llm = PlayedLLM(player, local=isinstance(part.llm, Local) and part.llm.local)\n",
        "            pass\n",
        ("test_developers::test_f32_a_conversation_is_replayed_from_its_log_alone",),
    ),
    Guard(
        33,
        "a processor knows what it is at work on",
        "dispatch.py",
        "        node.held = (frame, node.session.clock.now())\n",
        "",
        (
            "test_developers::test_f33_where_it_is_stuck_is_answered_by_name",
            "test_developers::test_f33_who_holds_the_end_back_is_named",
            "test_developers::test_f33_a_processor_that_has_been_at_work_for_long_is_logged",
        ),
    ),
    Guard(
        33,
        "depths are those of the inboxes",
        "node.py",
        "return len(self.inbox) + len(self.urgent)",
        "return len(self.urgent)",
        ("test_developers::test_f33_where_it_is_stuck_is_answered_by_name",),
    ),
    Guard(
        33,
        "a processor at work for long is logged",
        "session.py",
        "            if now - held.since >= limit:",
        "            if False:",
        ("test_developers::test_f33_a_processor_that_has_been_at_work_for_long_is_logged",),
    ),
    Guard(
        33,
        "every decision is told with its reason and inputs",
        "services/turns.py",
        "self.broadcast(TurnDecisionFrame(type(decision).__name__, decision.reason, decision.inputs, text))",
        'self.broadcast(TurnDecisionFrame(type(decision).__name__, "", {}, text))',
        ("test_developers::test_f33_everything_that_was_decided_has_a_reason",),
    ),
    Guard(
        33,
        "a full inbox ends the session and names whose it is",
        "session.py",
        'reason = f"{processor.name} is stuck: {processor.depth} frames wait for it"',
        'reason = f"{processor.depth} frames wait"',
        ("test_developers::test_f33_a_full_inbox_ends_the_session_and_names_whose_it_is",),
    ),
)
