"use strict";
(() => {
  const lanes = document.getElementById("lanes");
  const tracks = document.getElementById("tracks");
  const audio = document.getElementById("audio");
  const zoom = document.getElementById("zoom");
  const now = document.getElementById("now");
  const seconds = Number(lanes.dataset.seconds);
  const strip = lanes.querySelector(".strip");
  let at = 0;

  const clock = (t) => `${Math.floor(t / 60)}:${(t % 60).toFixed(2).padStart(5, "0")}`;

  function show(t, follow) {
    at = Math.min(Math.max(t, 0), seconds);
    lanes.style.setProperty("--at", at / seconds);
    now.textContent = clock(at);
    if (!follow) return;
    const label = lanes.querySelector(".label").offsetWidth;
    const x = strip.offsetWidth * (at / seconds);
    const room = tracks.clientWidth - label;
    if (x < tracks.scrollLeft || x > tracks.scrollLeft + room - 40) tracks.scrollLeft = x - room / 4;
  }

  function seek(t) {
    show(t, true);
    if (audio) audio.currentTime = at;
  }

  function tick() {
    if (!audio.paused) {
      show(audio.currentTime, true);
      requestAnimationFrame(tick);
    }
  }

  if (audio) {
    audio.addEventListener("play", tick);
    audio.addEventListener("seeked", () => show(audio.currentTime, true));
  }

  zoom.addEventListener("input", () => {
    document.documentElement.style.setProperty("--px", zoom.value);
    show(at, true);
  });

  lanes.addEventListener("click", (event) => {
    const inside = event.target.closest(".strip");
    if (!inside || event.target.closest("a")) return;
    const box = inside.getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * seconds);
  });

  tracks.addEventListener("keydown", (event) => {
    if (event.target !== tracks) return;
    const step = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: seconds }[event.key];
    if (step !== undefined) seek(step);
    else if (event.key === " " && audio) audio.paused ? audio.play() : audio.pause();
    else return;
    event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-seek]");
    if (!button) return;
    seek(Number(button.dataset.seek));
    tracks.scrollIntoView({ block: "nearest" });
  });

  show(0, false);
})();
