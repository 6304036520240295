// Makes the page livelier; everything works without it.
const $ = (id) => document.getElementById(id);
const locale = document.documentElement.lang;
const ago = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
const full = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const UNITS = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]]; // as the server says it

function relative(instant) {
  const seconds = (instant - Date.now()) / 1000;
  for (const [unit, size] of UNITS) {
    const count = Math.trunc(seconds / size);
    if (count) return ago.format(count, unit);
  }
  return seconds > 0 ? "in a moment" : "just now";
}

function freshenTimes() {
  for (const time of document.querySelectorAll("time[data-time]")) {
    const instant = new Date(time.dateTime);
    time.querySelector(".relative").textContent = relative(instant);
    time.querySelector(".absolute").textContent = full.format(instant);
    time.title = `${full.format(instant)} (${time.dateTime.slice(0, 16).replace("T", " ")} UTC)`;
  }
  for (const time of document.querySelectorAll("time[data-left]")) {
    const instant = new Date(time.dateTime);
    time.textContent = instant > Date.now() ? relative(instant).replace(/^in /, "") : "a moment";
    time.title = full.format(instant);
  }
  for (const time of document.querySelectorAll("time[data-at]")) time.textContent = full.format(new Date(time.dateTime));
}

function showCopyButtons() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("done");
  say(`Reference ID ${button.dataset.copy} copied.`);
  setTimeout(() => button.classList.remove("done"), 1500);
});

// What screen readers hear: a summary now and then, not each tick.
let unsaid = [];
let sayTimer = 0;
function say(sentence) {
  unsaid.push(sentence);
  if (!sayTimer) sayTimer = setTimeout(() => {
    $("news").textContent = unsaid.length > 3 ? `${unsaid.length} changes in your actions.` : unsaid.join(" ");
    unsaid = [];
    sayTimer = 0;
  }, 1500);
}

// One shortcut, which can be switched off.
const shortcuts = $("shortcuts");
const wanted = () => !shortcuts || shortcuts.checked;
if (shortcuts) {
  shortcuts.checked = localStorage.getItem("shortcuts") !== "off";
  $("q-key").hidden = !wanted();
  shortcuts.addEventListener("change", () => {
    localStorage.setItem("shortcuts", wanted() ? "on" : "off");
    $("q-key").hidden = !wanted();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !wanted()) return;
  if (event.target.closest("input, select, textarea, [contenteditable]") || !$("q")) return;
  event.preventDefault();
  $("q").focus();
  $("q").select();
});

// Live: the stream tells ids and versions only; the page itself is fetched again, and only what changed is put in.
const live = $("live");
let stream = null;
let paused = false;
let over = false;
let last = live?.dataset.since;
let refreshTimer = 0;
let refreshing = false;

function show(state, on) {
  $("live-state").textContent = state;
  live.classList.toggle("on", on);
}

function known(id) {
  return [...document.querySelectorAll("[data-id]")].find((row) => row.dataset.id === id);
}

function connect() {
  if (stream || paused || over || document.hidden) return;
  show("Connecting…", false);
  stream = new EventSource(`/v1/stream?since=${encodeURIComponent(last)}`);
  stream.onopen = () => show("Live", true);
  stream.onerror = () => {
    show("Reconnecting…", false);
    if (stream?.readyState === EventSource.CLOSED) {
      disconnect();
      refresh().then(() => setTimeout(connect, 5000));
    }
  };
  stream.onmessage = (event) => {
    last = event.lastEventId || last;
    const { action_id: id, version } = JSON.parse(event.data);
    if (live.dataset.only && live.dataset.only !== id) return;
    const row = known(id);
    if (row && Number(row.dataset.version) >= version) return;
    refreshTimer ||= setTimeout(refresh, 300);
  };
}

function disconnect() {
  stream?.close();
  stream = null;
}

async function refresh() {
  clearTimeout(refreshTimer);
  refreshTimer = 0;
  if (refreshing || over) return;
  refreshing = true;
  try {
    const answer = await fetch(location.href, { headers: { "X-Passive": "1" }, cache: "no-store" });
    if (answer.status === 401) return signedOut();
    if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("results"));
  } catch {
    // The network is away; the stream says so and comes back by itself.
  } finally {
    refreshing = false;
  }
}

function swap(fresh) {
  const old = $("results");
  if (!fresh || fresh.dataset.signature === old.dataset.signature) return;
  const before = new Map([...old.querySelectorAll("[data-id]")].map((row) => [row.dataset.id, row.dataset]));
  const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(document.adoptNode(fresh));
  for (const row of fresh.querySelectorAll("[data-id]")) {
    const was = before.get(row.dataset.id);
    if (was?.version === row.dataset.version) continue;
    row.classList.add("changed");
    if (!was) say(`${row.dataset.name} was added.`);
    else if (was.status !== row.dataset.status) say(`${row.dataset.name} is now ${row.dataset.status}.`);
  }
  freshenTimes();
  showCopyButtons();
  if (focused) $(focused)?.focus({ preventScroll: true });
}

function signedOut() {
  over = true;
  disconnect();
  show("Signed out", false);
  $("live-switch").hidden = true;
  say("You are signed out. Open the action tracker from your platform again.");
}

if (live) {
  live.hidden = false;
  $("live-switch").addEventListener("click", () => {
    paused = !paused;
    $("live-switch").textContent = paused ? "Resume" : "Pause";
    $("live-switch").setAttribute("aria-pressed", String(paused));
    disconnect();
    if (paused) show("Paused", false);
    else refresh().then(connect);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) disconnect();
    else if (!paused) refresh().then(connect);
  });
  addEventListener("pagehide", disconnect);
  addEventListener("pageshow", (event) => event.persisted && connect());
  connect();
}

const zone = $("zone");
if (zone) zone.textContent = `${Intl.DateTimeFormat().resolvedOptions().timeZone} (your device's time zone)`;
freshenTimes();
showCopyButtons();
setInterval(freshenTimes, 15000);
