"use strict";
// The page of the teacher. The browser knows the key and sends it; this script never sees it. Texts of learners are
// shown with textContent only.
const SECONDS_BETWEEN_LOOKS = 3;
const at = (id) => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
const megabytes = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

function ago(then, now) {
  if (then === null) return "not yet";
  const seconds = Math.max(0, now - then);
  if (seconds < 90) return "just now";
  return seconds < 5400 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

async function ask(path, method = "GET", body = undefined) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error.message);
  return found;
}

function cell(row, name, text, className) {
  const made = element("td", text, className);
  made.dataset.name = name;
  row.append(made);
  return made;
}

function showJob(row, learner) {
  const shown = cell(row, "Newest job", undefined, "job");
  if (learner.problem !== null) {
    shown.append(element("strong", "cannot work", "failed"), " ", element("small", learner.problem));
    return;
  }
  const job = learner.job;
  if (job === null) return;
  shown.append(element("strong", job.status, job.status), ` ${job.model} `, element("br"));
  shown.append(element("small", job.error ?? job.said));
}

function showButton(row, learner) {
  const shown = cell(row, "");
  if (learner.job === null || learner.job.ended) return;
  const button = element("button", "Stop the job");
  button.setAttribute("aria-label", `Stop the job of ${learner.name}`);
  button.addEventListener("click", () => {
    if (confirm(`Stop the job of ${learner.name}? What it has trained so far is lost.`)) {
      act(`room/learners/${learner.number}/v1/fine_tuning/jobs/${learner.job.id}/cancel`, "POST");
    }
  });
  shown.append(button);
}

function showLearner(learner, room) {
  const row = element("tr");
  const name = element("th", learner.name);
  name.scope = "row";
  row.append(name);
  cell(row, "Seen", ago(learner.last_seen, room.at));
  cell(row, "Step", `${learner.step}. ${room.steps[learner.step]}`);
  showJob(row, learner);
  cell(row, "Files", `${learner.files} (${megabytes(learner.bytes)})`);
  cell(row, "Models", `${learner.models}`);
  cell(row, "Errors planted", learner.faults.map((each) => `${each.fault} x ${each.times}`).join(", "));
  showButton(row, learner);
  return row;
}

let shownBefore = "";

function show(room) {
  const running = room.learners.filter((each) => each.job?.status === "running").length;
  const waiting = room.learners.filter((each) => each.job?.status === "queued" || each.job?.status === "validating_files").length;
  const here = room.learners.filter((each) => each.last_seen !== null).length;
  at("now").textContent =
    `${here} of ${room.learners.length} learners have been here. Jobs: ${running} running, ${waiting} waiting; ` +
    `${room.trainings_at_once} real trainings at once. Free: ${gigabytes(room.disk_free)} of disk, ` +
    `${gigabytes(room.memory_free)} of memory (${gigabytes(room.memory_used)} used by this server).`;
  at("steps").replaceChildren(
    ...room.steps.map((name, number) => {
      const item = element("li");
      item.append(element("strong", `${room.learners.filter((each) => each.step === number).length}`), name);
      return item;
    }),
  );
  const now = JSON.stringify([room.learners, Math.floor(room.at / 60)]);
  if (now === shownBefore) return; // a button that somebody is about to press stays where it is
  shownBefore = now;
  at("learners").replaceChildren(...room.learners.map((each) => showLearner(each, room)));
}

async function look() {
  try {
    show(await ask("room/overview"));
    at("message").textContent = "";
  } catch (error) {
    at("message").textContent = `The room cannot be seen just now: ${error.message}`;
  }
}

async function act(path, method, body) {
  try {
    await ask(path, method, body);
    await look();
  } catch (error) {
    at("message").textContent = error.message;
  }
}

at("plant").addEventListener("click", () =>
  act("room/faults", "POST", { fault: at("fault").value, times: Number(at("times").value) }));
at("clear").addEventListener("click", () => act("room/faults", "DELETE"));

(async function () {
  for (;;) {
    await look();
    await new Promise((done) => setTimeout(done, SECONDS_BETWEEN_LOOKS * 1000));
  }
})();
