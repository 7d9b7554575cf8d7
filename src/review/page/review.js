// The page: what a person does to it, and what follows. Never says anything in anybody's name but theirs.

const grid = new Grid(
  (place) => viewer.open(place).catch(Told.fault.bind(Told)),
  (word, card) => decide(word, Number(card.dataset.key), card.dataset.picture, card),
);
const viewer = new Viewer(grid, (place) => grid.focus(place ?? 0));
const live = new Live(grid, viewer);

/** Tells the server something, then shows what came of it. */
async function act(address, what, name) {
  try {
    const acted = await say(address, { person: person(), ...what });
    if (!acted) Told.show("Nothing to change.", false);
    else if (acted.why) Told.show(acted.why, false);
    else if (acted.undone) Told.show(undone(acted), false);
    else Told.act(acted, name);
    await live.now();
    return acted;
  } catch (error) {
    Told.fault(error);
  }
}

function undone({ undone, items, left }) {
  const stays = left ? `; ${count(left, "item was", "items were")} asked for already and will be made` : "";
  return `Taken back: ${count(items, "item", "items")} ${ACTS[undone] ?? undone}${stays}`;
}

/** Approve, reject or favourite, or take that back if it is so already. */
function decide(word, key, picture, within) {
  const button = within.querySelector(`[data-say="${word}"]`);
  if (!button) return undefined;
  const isOn = button.ariaPressed === "true";
  const name = within.querySelector(".name, h2")?.textContent;
  if (word === "favourite") return act("/say", { items: [key], word: { favourite: isOn ? null : picture } }, name);
  // A decision is about the item's own picture, and only while that is what is seen.
  const own = within.querySelector(".stage")?.dataset.own ?? picture;
  if (own && picture && own !== picture) {
    Told.show("This is not the picture that the item has now. f makes it the favourite; 1 shows the item's own.", false);
    return undefined;
  }
  return act("/say", { items: [key], picture: own || null, word: { decide: isOn ? null : word } }, name);
}

/** What a key does to the item that is looked at. */
async function decideHere(word) {
  if (!viewer.isOpen) {
    const card = grid.at(grid.current);
    return card && decide(word, Number(card.dataset.key), card.dataset.picture, card);
  }
  const isOn = viewer.sight.querySelector(`.decide [data-say="${word}"]`)?.ariaPressed === "true";
  const acted = await decide(word, viewer.key, viewer.shown?.picture, viewer.sight);
  if (acted && word !== "favourite" && !isOn) await viewer.go(1);
  else await viewer.load();
}

function undo() {
  return act("/undo", {});
}

async function bulk(word) {
  const verb = word === "approved" ? "Approve" : word === "rejected" ? "Reject" : "Clear the decisions on";
  if (await sure(`${verb} all ${count(grid.total, "item", "items")} that were found?`, verb)) {
    await act("/say", { view: grid.view, word: { decide: word || null } });
  }
}

/** Writes into a field of the open item; opens it first if need be. */
async function write(selector) {
  if (!viewer.isOpen) await viewer.open(grid.current);
  const field = viewer.sight.querySelector(selector);
  const details = field?.closest("details");
  if (details) details.open = true;
  field?.focus();
  field?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  a: () => decideHere("approved"),
  r: () => decideHere("rejected"),
  f: () => decideHere("favourite"),
  u: () => undo(),
  n: () => write('[data-word="note"] textarea'),
  c: () => write('[data-word="caption"] textarea'),
  s: () => write("#send-back textarea"),
  "?": () => byId("help").showModal(),
};
const VIEWER_KEYS = {
  ArrowLeft: () => viewer.go(-1),
  ArrowRight: () => viewer.go(1),
  z: () => viewer.zoom(),
  p: () => viewer.pin(),
};

/** Keys that something still follows from. */
let deciding = 0;

function key(event) {
  if (event.altKey || event.ctrlKey || event.metaKey || isField(event.target)) return;
  if (byId("sure").open || byId("help").open) return;
  // A key that is held, or pressed again before the answer, decides nothing about what comes next.
  if (event.key in KEYS && (event.repeat || deciding > 0)) return event.preventDefault();
  let does = KEYS[event.key];
  if (viewer.isOpen) {
    does ??= VIEWER_KEYS[event.key];
    if (/^[1-9]$/.test(event.key)) does = () => viewer.number(Number(event.key));
    // In a close-up the arrows move the picture.
    if (event.key.startsWith("Arrow") && event.target.closest(".close-up .window")) does = undefined;
  } else if (event.key === "/") {
    does = () => byId("search").focus();
  }
  if (!does) return;
  event.preventDefault();
  deciding += 1;
  Promise.resolve(does()).catch(Told.fault.bind(Told)).finally(() => { deciding -= 1; });
}

let finding = 0;

/** Shows what the form asks for. */
async function find() {
  const query = new URLSearchParams([...new FormData(byId("ask"))].filter(([, value]) => value !== ""));
  if (!query.get("value")) query.delete("column");
  const asked = (finding += 1);
  try {
    const html = await part(`/found?${query}`);
    // Who has asked for something else since gets that, whichever answer comes first.
    if (asked !== finding) return;
    history.replaceState(null, "", query.size ? `/?${query}` : "/");
    byId("found").replaceChildren(...elements(html));
    grid.take();
    const top = byId("ask").offsetTop;
    if (scrollY > top) scrollTo(0, top);
  } catch (error) {
    Told.fault(error);
  }
}

async function suggest() {
  const column = byId("column").value;
  byId("value").value = "";
  byId("values").replaceChildren();
  if (column === "") return find();
  const [values] = await Promise.all([say("/values", { column: Number(column) }), find()]);
  if (column !== byId("column").value) return;
  byId("values").append(...values.map((value) => Object.assign(document.createElement("option"), { value })));
  byId("value").focus();
}

function listen() {
  let typing = 0;
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); find(); });
  byId("ask").addEventListener("input", (event) => {
    clearTimeout(typing);
    if (event.target.id === "column") suggest().catch(Told.fault.bind(Told));
    else typing = setTimeout(find, event.target.matches("[type=search], #value") ? 200 : 0);
  });
  byId("search").addEventListener("keydown", (event) => {
    if (event.key === "Escape" || event.key === "Enter") {
      event.preventDefault();
      grid.focus(grid.current);
    }
  });
  byId("found").addEventListener("click", (event) => {
    if (event.target.id === "come") find();
    else if (event.target.dataset.bulk !== undefined) bulk(event.target.dataset.bulk);
  });
  byId("undo").addEventListener("click", undo);
  byId("keys").addEventListener("click", () => byId("help").showModal());
  viewer.dialog.addEventListener("click", (event) => {
    const button = event.target.closest(".decide [data-say]");
    if (button) Promise.resolve(decide(button.dataset.say, viewer.key, viewer.shown?.picture, viewer.sight)).then(() => viewer.load());
  });
  viewer.dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(event.target).catch(Told.fault.bind(Told));
  });
  viewer.dialog.addEventListener("input", ({ target }) => {
    target.closest(".words-of")?.classList.toggle("written", target.value !== target.defaultValue);
  });
  // A word that was written is kept when the field is left with Escape, and the picture stays in sight.
  viewer.dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isField(event.target)) return;
    event.preventDefault();
    byId("details").focus();
  });
  viewer.dialog.addEventListener("cancel", (event) => { if (viewer.isWriting) event.preventDefault(); });
  const name = byId("person");
  name.value = localStorage.getItem("person") || name.value;
  name.addEventListener("change", () => localStorage.setItem("person", person()));
  addEventListener("keydown", key);
  addEventListener("forgotten", find);
  // What comes back into the page may be otherwise by now.
  addEventListener("attached", () => { live.change = 0; });
}

async function submit(form) {
  const name = byId("sight-id").textContent;
  const button = form.querySelector("button");
  button.disabled = true;
  let acted;
  if (form.id === "send-back") {
    const change = form.elements.change.value.trim();
    const prompt = form.elements.prompt.value.trim();
    acted = await act("/send-back", { item: viewer.key, prompt: change ? `${prompt}\n${change}` : prompt }, name);
  } else {
    const text = form.elements.text.value.trim();
    acted = await act("/say", { items: [viewer.key], word: { [form.dataset.word]: text || null } }, name);
  }
  button.disabled = false;
  // What could not be said stays written.
  if (acted === undefined || acted?.why) return;
  for (const field of form.querySelectorAll("[name]")) field.defaultValue = field.value;
  byId("details").focus();
  await viewer.load();
}

listen();
