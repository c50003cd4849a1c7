// The test before a video call. Picture and sound are looked at here and go nowhere.
"use strict";

const LISTENS_MS = 4000;
const SPOKEN = 0.02; // mean loudness (0 to 1) that a voice passes and a silent room does not
const ENOUGH_MBITS = 1.5; // for a picture of medium size in one direction
const PROBE_BYTES = 400000;
const UNDER_LIMIT = 65536; // what getRandomValues fills at once

const list = document.querySelector(".tests");
const streams = new Set();
const outcomes = new Map();

const part = (test, selector) => document.querySelector(`#${test} ${selector}`);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function tell(test, result, values = {}) {
  for (const line of document.querySelectorAll(`#${test} [data-result]`)) {
    line.hidden = line.dataset.result !== result;
    if (line.hidden) continue;
    line.dataset.words ??= line.textContent;
    line.textContent = line.dataset.words.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
  }
  if (result === "working") return;
  outcomes.set(test, result);
  const all = outcomes.size === list.children.length;
  const well = [...outcomes.values()].every((outcome) => outcome === "ok");
  document.getElementById("all-well").hidden = !(all && well);
  document.getElementById("not-all").hidden = !(all && !well);
}

function reason(error) {
  if (error.name === "NotAllowedError" || error.name === "SecurityError") return "refused";
  if (error.name === "NotFoundError" || error.name === "OverconstrainedError") return "absent";
  return error.name === "NotReadableError" || error.name === "AbortError" ? "busy" : "failed";
}

async function opened(wanted) {
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  streams.add(stream);
  document.getElementById("stop").hidden = false;
  return stream;
}

function close(stream) {
  for (const track of stream.getTracks()) track.stop();
  streams.delete(stream);
  document.getElementById("stop").hidden = streams.size === 0;
}

async function camera() {
  const view = part("camera", "video");
  if (view.srcObject) close(view.srcObject);
  view.srcObject = await opened({ video: true });
  view.hidden = false;
  await view.play();
  for (let turn = 0; turn < 20 && !view.videoWidth; turn += 1) await pause(100);
  return view.videoWidth ? "ok" : "failed";
}

async function microphone() {
  const meter = part("microphone", "meter");
  const stream = await opened({ audio: true });
  const context = new AudioContext();
  try {
    await context.resume();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    meter.hidden = false;
    let loudest = 0;
    for (const end = performance.now() + LISTENS_MS; performance.now() < end; await pause(100)) {
      analyser.getFloatTimeDomainData(samples);
      const loudness = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
      loudest = Math.max(loudest, loudness);
      meter.value = Math.min(1, loudness * 4);
    }
    return loudest >= SPOKEN ? "ok" : "poor";
  } finally {
    meter.hidden = true;
    close(stream);
    await context.close();
  }
}

async function speaker() {
  const context = new AudioContext();
  await context.resume();
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = 440;
  volume.gain.setValueAtTime(0, context.currentTime);
  volume.gain.linearRampToValueAtTime(0.2, context.currentTime + 0.1);
  volume.gain.linearRampToValueAtTime(0, context.currentTime + 1.5);
  tone.connect(volume).connect(context.destination);
  tone.onended = () => context.close();
  tone.start();
  tone.stop(context.currentTime + 1.6);
  part("speaker", ".answers").hidden = false;
  return "working"; // only a person knows
}

function noise() {
  const bytes = new Uint8Array(PROBE_BYTES);
  for (let from = 0; from < bytes.length; from += UNDER_LIMIT) {
    crypto.getRandomValues(bytes.subarray(from, from + UNDER_LIMIT));
  }
  return bytes;
}

async function timed(work) {
  const begun = performance.now();
  const bytes = await work();
  return (bytes * 8) / 1000 / Math.max(performance.now() - begun, 1); // bits in a microsecond: Mbit/s
}

async function connection() {
  const address = `${list.dataset.place}/bytes`;
  const down = await timed(async () => (await answered(fetch(address, { cache: "no-store" }))).byteLength);
  const body = noise();
  const up = await timed(async () => {
    await answered(fetch(address, { method: "POST", body }));
    return body.length;
  });
  const shown = (speed) => speed.toLocaleString(list.dataset.locale, { maximumFractionDigits: speed < 10 ? 1 : 0 });
  part("connection", "[data-note]").hidden = false;
  return [Math.min(down, up) >= ENOUGH_MBITS ? "ok" : "poor", { down: shown(down), up: shown(up) }];
}

async function answered(request) {
  const answer = await request;
  if (!answer.ok) throw new Error("not answered");
  return answer.arrayBuffer();
}

const TESTS = { camera, microphone, speaker, connection };

async function run(test, button) {
  button.disabled = true;
  tell(test, "working");
  try {
    const [result, values] = [await TESTS[test]()].flat();
    tell(test, result, values);
  } catch (error) {
    tell(test, reason(error));
  } finally {
    button.disabled = false;
  }
}

for (const item of list.children) {
  const button = item.querySelector("[data-start]");
  button.addEventListener("click", () => run(item.dataset.test, button));
}
for (const button of document.querySelectorAll("[data-answer]")) {
  button.addEventListener("click", () => tell("speaker", button.dataset.answer));
}
function closeAll() {
  for (const stream of [...streams]) close(stream);
  part("camera", "video").hidden = true;
}
document.getElementById("stop").addEventListener("click", closeAll);
addEventListener("pagehide", closeAll);
document.getElementById("insecure").hidden = window.isSecureContext;
