"""Guards of F23, F24, F29 and F30: how a call begins and ends."""

from __future__ import annotations

from failures.guard import Guard

LIFE = (
    Guard(
        23,
        "the end waits until all is played",
        "transports/output.py",
        "        while not self.player.idle:\n",
        "        while False:\n",
        ("test_life::test_f23_an_end_goes_behind_sound_that_belongs_to_no_answer",),
    ),
    Guard(
        23,
        "the end waits for the answers that are under way",
        "session.py",
        "{response.id for response in ahead if not response.gated}",
        "set[int]()",
        ("test_life::test_f23_a_tool_that_hangs_up_lets_the_goodbye_be_heard_and_leaves_no_task",),
    ),
    Guard(
        24,
        "sound from before the start waits",
        "transports/input.py",
        "            self.push(self._conform(frame))\n        else:\n            self._keep(frame)",
        "            self.push(self._conform(frame))",
        ("test_life::test_f24_words_that_come_before_the_bot_is_ready_are_not_lost",),
    ),
    Guard(
        29,
        "a pause fades out",
        "audio/player.py",
        "            self._fade = self._fade or self._coming()\n            self.paused = True",
        "            self.paused = True",
        ("test_life::test_f29_neither_a_pause_nor_going_on_clicks",),
    ),
    Guard(
        29,
        "going on after a pause fades in",
        "audio/player.py",
        "            self._swell = self._last()",
        '            self._swell = b""',
        ("test_life::test_f29_neither_a_pause_nor_going_on_clicks",),
    ),
    Guard(
        29,
        "sound that is thrown away fades out",
        "audio/player.py",
        "            elif not self.paused:\n                self._fade = self._coming()\n",
        "",
        ("test_life::test_f29_an_interrupted_answer_fades_out",),
    ),
    Guard(
        30,
        "the language model is loaded before the first turn",
        "services/llm_host.py",
        "            await self.llm.warm()\n",
        "            pass\n",
        (
            "test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",
            "test_life::test_f30_the_first_answer_is_as_quick_as_the_second",
        ),
    ),
    Guard(
        30,
        "so is the voice",
        "services/tts_host.py",
        "            await self.tts.warm()\n",
        "            pass\n",
        (
            "test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",
            "test_life::test_f30_the_first_answer_is_as_quick_as_the_second",
        ),
    ),
    Guard(
        30,
        "and the recogniser",
        "services/stt_host.py",
        "            await self.stt.warm()\n",
        "            pass\n",
        ("test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",),
    ),
    Guard(
        30,
        "and the detector of speech",
        "services/vad_host.py",
        "            await self.vad.warm()\n",
        "            pass\n",
        ("test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",),
    ),
    Guard(
        30,
        "and the model of the end of turns",
        "services/turns.py",
        "            await self.model.warm()\n",
        "            pass\n",
        ("test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",),
    ),
    Guard(
        30,
        "all side by side",
        "session.py",
        "        tasks = {asyncio.create_task(each.setup()",
        "        for each in some:\n            await each.setup()\n"
        "        tasks = {asyncio.create_task(each.setup()",
        ("test_life::test_f30_everything_is_loaded_at_once_before_the_first_turn",),
    ),
)
