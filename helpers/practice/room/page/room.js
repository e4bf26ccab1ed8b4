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
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} days ago`;
}

// What has not changed is left alone: it keeps its focus and its selection, a button does not vanish under the mouse,
// and a screen reader does not read it again.
function write(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}

function writeAll(shown, texts, tag, fill) {
  const written = JSON.stringify(texts);
  if (shown.dataset.written === written) return;
  shown.dataset.written = written;
  shown.replaceChildren(...texts.map((each) => fill(element(tag), each)));
}

async function ask(path, method = "GET", body = undefined) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const sent = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(path, sent).catch(() => {
    throw new Error("it does not answer. It is closed, or this computer has no connection to it.");
  });
  if (answer.status === 401) throw new Error("it takes another key now. Load this page again and give the teacher's key.");
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error.message);
  return found;
}

const rows = new Map(); // of the table, by the number of the learner

function newRow(learner) {
  const row = element("tr");
  const name = element("th", learner.name);
  name.scope = "row";
  row.append(name);
  const cells = [["Seen", "short"], ["Step", "short"], ["Newest job", "job"], ["Files", "short"], ["Models", "short"]];
  for (const [title, className] of [...cells, ["Errors planted", "faults"], ["", "short"]]) {
    const made = element("td", "", className);
    made.dataset.name = title;
    row.append(made);
  }
  rows.set(learner.number, row);
  at("learners").append(row);
  return row;
}

function writeJob(shown, { job, problem }, now) {
  const ofJob = job === null ? [] : [[job.status, job.status, `${job.model}, started ${ago(job.created_at, now)}`, job.error ?? job.said]];
  const lines = problem === null ? ofJob : [["cannot work", "failed", "", problem]];
  writeAll(shown, lines, "div", (made, [said, className, what, why]) => {
    made.append(element("strong", said, className), ` ${what} `, element("br"), element("small", why));
    return made;
  });
}

function writeButton(shown, learner) {
  const job = learner.job === null || learner.job.ended ? "" : learner.job.id;
  if (shown.dataset.job === job) return;
  shown.dataset.job = job;
  shown.replaceChildren();
  if (job === "") return;
  const button = element("button", "Stop the job");
  button.setAttribute("aria-label", `Stop the job of ${learner.name}`);
  button.addEventListener("click", () => {
    if (confirm(`Stop the job of ${learner.name}? What it has trained so far is lost.`)) {
      const path = `room/learners/${learner.number}/v1/fine_tuning/jobs/${job}/cancel`;
      act(`The job of ${learner.name} is stopped.`, path, "POST");
    }
  });
  shown.append(button);
}

function showLearner(learner, room) {
  const row = rows.get(learner.number) ?? newRow(learner);
  const [seen, step, job, files, models, faults, button] = row.querySelectorAll("td");
  write(seen, ago(learner.last_seen, room.at));
  write(step, `${learner.step}. ${room.steps[learner.step]}`);
  writeJob(job, learner, room.at);
  write(files, `${learner.files} (${megabytes(learner.bytes)})`);
  write(models, `${learner.models}`);
  write(faults, learner.faults.map((each) => `${each.fault} x ${each.times}`).join(", "));
  writeButton(button, learner);
}

function show(room) {
  const count = (...statuses) => room.learners.filter((each) => statuses.includes(each.job?.status)).length;
  const here = room.learners.filter((each) => each.last_seen !== null).length;
  write(at("now"), `Since the room was opened, ${here} of ${room.learners.length} learners have been here. Jobs: ${count("running")} running, ` +
    `${count("queued", "validating_files")} waiting, ${count("failed")} failed.`);
  const atOnce = room.trainings_at_once;
  const trains = atOnce === 0 ? "does not train real models; it simulates them" : `trains ${atOnce} real model${atOnce === 1 ? "" : "s"} at once`;
  write(at("computer"), `This room ${trains}. Its computer has ${gigabytes(room.disk_free)} of disk and ` +
    `${gigabytes(room.memory_free)} of memory free; the room uses ${gigabytes(room.memory_used)} of memory.`);
  writeAll(at("warnings"), room.warnings, "li", (made, each) => { made.append(each); return made; });
  const steps = room.steps.map((name, number) => [room.learners.filter((each) => each.step === number).length, name]);
  writeAll(at("steps"), steps, "li", (made, each) => { made.append(element("strong", `${each[0]}`), each[1]); return made; });
  room.learners.forEach((each) => showLearner(each, room));
}

let seenAt = null; // when the room was seen last

async function look() {
  try {
    show(await ask("room/overview"));
    seenAt = new Date();
    write(at("problem"), "");
  } catch (error) {
    const last = seenAt === null ? "" : ` Below is what was seen at ${seenAt.toLocaleTimeString()}.`;
    write(at("problem"), `The room cannot be seen just now: ${error.message}${last} This page goes on looking.`);
  }
  document.querySelector("main").classList.toggle("stale", at("problem").textContent !== "");
}

async function act(done, path, method, body) {
  try {
    await ask(path, method, body);
    write(at("done"), done);
  } catch (error) {
    write(at("done"), `Nothing was done: ${error.message}`);
  }
  await look();
}

at("fault").addEventListener("change", () => { at("times").value = at("fault").selectedOptions[0].dataset.times; });
at("plant").addEventListener("click", () => {
  const [fault, times] = [at("fault").value, Number(at("times").value)];
  act(`${fault} x ${times} is planted for everybody.`, "room/faults", "POST", { fault, times });
});
at("clear").addEventListener("click", () => act("All planted errors are taken away.", "room/faults", "DELETE"));

(async function () {
  for (;;) {
    await look();
    await new Promise((done) => setTimeout(done, SECONDS_BETWEEN_LOOKS * 1000));
  }
})();
