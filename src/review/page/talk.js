// What is asked of the server and told to it. Never keeps anything, never asks anybody else.
"use strict";

const byId = (id) => document.getElementById(id);

/** An answer, or the words why there is none. */
async function ask(address, options) {
  const answer = await fetch(address, options).catch(() => undefined);
  if (!answer) throw new Error("The review is not on any more. Start it again and open the new address.");
  if (answer.ok) return answer;
  const words = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("p");
  throw Object.assign(new Error(words?.textContent ?? `The server said ${answer.status}.`), { status: answer.status });
}

async function part(address) {
  return (await ask(address)).text();
}

async function say(address, what) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) };
  const answer = await ask(address, options);
  return answer.status === 204 ? undefined : answer.json();
}

/** Elements from a part of the page, which the server wrote and escaped. */
function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.children];
}

function count(number, one, many) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

const ACTS = {
  approve: "approved", reject: "rejected", clear: "cleared of its decision", favourite: "set as favourite",
  note: "noted", caption: "captioned", send_back: "sent back",
};

/** Says what was done, and offers to take it back. */
const Told = {
  timer: 0,
  show(words, canUndo) {
    byId("told-words").textContent = words;
    byId("undo").hidden = !canUndo;
    const told = byId("told");
    // What a dialog covers nobody sees.
    (byId("viewer").open ? byId("viewer") : document.body).append(told);
    told.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { byId("told").hidden = true; }, 12_000);
  },
  act({ word, items }, name) {
    const whose = items === 1 && name ? name : count(items, "item", "items");
    this.show(`${whose} ${ACTS[word] ?? word}`, true);
  },
  fault(error) {
    this.show(error.message, false);
  },
};

function person() {
  return byId("person").value.trim();
}

/** A question with yes and no. */
function sure(words, yes) {
  const dialog = byId("sure");
  byId("sure-words").textContent = words;
  byId("sure-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
