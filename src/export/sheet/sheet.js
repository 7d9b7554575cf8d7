// The page: what the data says, what of it is shown, and in which order. Never sends anything anywhere.

const { about, items, beyond } = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const shown = { filter: "all", words: [] };

const viewer = new Viewer(about.columns, (index) => grid.focus(index));
const grid = new Grid(byId("sheet"), (index) => viewer.open(grid.items, index));

function head() {
  document.title = `${about.job}: ${about.review ? "review" : "contact sheet"}`;
  byId("job").textContent = about.job;
  const written = new Date(about.written).toLocaleString(undefined, { dateStyle: "long", timeStyle: "short" });
  const kind = [about.rehearsal && "Rehearsal", about.review && "Review"].filter(Boolean).join(", ");
  byId("kicker").textContent = `${kind || "Contact sheet"} · ${written}`;
  const counts = tally((item) => item.state);
  for (const [state, number] of Object.entries(beyond)) counts.set(state, (counts.get(state) ?? 0) + number);
  const all = [...counts.values()].reduce((sum, number) => sum + number, 0);
  const figures = [`${(counts.get("done") ?? 0).toLocaleString("en")} of ${count(all, "picture", "pictures")}`];
  for (const state of ["failed", "queued", "running", "cancelled"]) {
    if (counts.has(state)) figures.push(`${counts.get(state).toLocaleString("en")} ${named(state)}`);
  }
  for (const [name, number] of standings().filter(([name]) => ["approved", "rejected", "open"].includes(name))) {
    figures.push(`${number.toLocaleString("en")} ${STANDINGS[name]}`);
  }
  if (about.attempts) figures.push(count(about.attempts, "attempt", "attempts"));
  if (about.took_seconds >= 0.1) figures.push(`last run ${duration(about.took_seconds)}`);
  byId("figures").textContent = figures.map((figure) => figure.replaceAll(" ", "\u00a0")).join(" · ");
  byId("money").textContent = cost();
  if (about.night) Night.draw(byId("night"), about.night, about.foreseen);
  byId("here").textContent = items.length.toLocaleString("en");
  byId("all").textContent = all.toLocaleString("en");
  byId("more").hidden = all === items.length;
}

function cost() {
  const source = about.list_price_of ? `at the list price of ${about.list_price_of}` : "at the given price";
  const sum = about.cost_usd === null ? undefined : money(about.cost_usd);
  const lost = about.lost_attempts ? `${count(about.lost_attempts, "request", "requests")} got no whole answer` : "";
  if (about.rehearsal) {
    const would = sum ? `; ${source} it would be ${sum}` : "";
    return `A simulator drew these, and nothing was paid${would}.` + (lost && ` ${lost}.`);
  }
  const paid = sum ? `${sum} ${source}.` : "";
  return paid + (lost && ` ${lost} and may have been billed.`);
}

/** How many items there are of each sort, the most first. */
function tally(sortOf) {
  const counts = new Map();
  for (const item of items) counts.set(sortOf(item), (counts.get(sortOf(item)) ?? 0) + 1);
  return new Map([...counts].sort(([, one], [, other]) => other - one));
}

/** How many items there are in each place of the review, where one was made. */
function standings() {
  const holding = (name) => items.filter((item) => item.standings?.includes(name)).length;
  return Object.keys(STANDINGS).map((name) => [name, holding(name)]).filter(([, number]) => number);
}

/** The filters there is something to show for, with how much. */
function filters() {
  const counts = tally(standing);
  const failed = items.filter((item) => item.state === "failed").length;
  const kinds = [...counts.keys()].filter((name) => !(name in STATES));
  const entries = [["all", "All", items.length]];
  for (const [name, number] of standings()) entries.push([name, STANDINGS[name], number]);
  entries.push(["done", "Done", counts.get("done")]);
  if (failed > 0 && kinds.length > 1) entries.push(["failed", "Failed", failed]);
  for (const name of [...kinds, "queued", "running", "cancelled"]) entries.push([name, named(name), counts.get(name)]);
  for (const [badge, name] of Object.entries(BADGES)) {
    entries.push([badge, name, items.filter((item) => item.badges?.includes(badge)).length]);
  }
  return entries.filter(([, , number]) => number);
}

function drawFilters() {
  for (const [name, label, number] of filters()) {
    const button = make("button", "filter", label[0].toUpperCase() + label.slice(1));
    button.type = "button";
    button.dataset.filter = name;
    button.append(make("span", "number", number.toLocaleString("en")));
    button.addEventListener("click", () => filter(name));
    byId("filters").append(button);
  }
}

function filter(name) {
  shown.filter = name;
  refresh();
}

function passes(item) {
  const { filter } = shown;
  if (filter === "all" || item.state === filter || standing(item) === filter) return true;
  return item.badges?.includes(filter) || item.standings?.includes(filter);
}

/** Everything that is written about an item, made once it is searched for. */
function text(item) {
  if (item.text !== undefined) return item.text;
  const { id, prompt, caption, failure, cells, review, references = [] } = item;
  const parts = [id, prompt, caption, failure?.message, review?.note, review?.by, ...cells, ...references.map(({ name }) => name)];
  return (item.text = plain(parts.filter(Boolean).join("\n")));
}

/** Without capitals and accents, which nobody types into a search. */
function plain(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
}

const ALPHABET = new Intl.Collator(undefined, { numeric: true });
const ORDERS = {
  id: (one, other) => ALPHABET.compare(one.id, other.id),
  trouble: (one, other) => (other.state === "failed") - (one.state === "failed"),
  attempts: (one, other) => other.attempts - one.attempts,
  cost: (one, other) => (other.cost_usd ?? 0) - (one.cost_usd ?? 0),
};

function refresh() {
  const found = items.filter((item) => passes(item) && shown.words.every((word) => text(item).includes(word)));
  const order = ORDERS[byId("sort").value];
  if (order) found.sort(order);
  for (const button of byId("filters").children) {
    button.ariaPressed = String(button.dataset.filter === shown.filter);
  }
  const all = found.length === items.length;
  byId("shown").textContent = all ? "" : `${found.length.toLocaleString("en")} of ${items.length.toLocaleString("en")} shown`;
  byId("empty").hidden = found.length > 0;
  grid.show(found);
  // What was found begins at the top: below the bar, if that has already been reached.
  const top = byId("bar").offsetTop;
  if (scrollY > top) scrollTo(0, top);
}

function listen() {
  const search = byId("search");
  search.addEventListener("input", () => {
    shown.words = plain(search.value).split(/\s+/).filter(Boolean);
    refresh();
  });
  byId("sort").addEventListener("change", refresh);
  byId("reset").addEventListener("click", () => {
    search.value = "";
    shown.words = [];
    filter("all");
    search.focus();
  });
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement || viewer.dialog.open;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      search.focus();
    }
  });
}

head();
// A page that is passed on says nothing of money.
if (about.review) byId("sort").querySelector("[value=cost]").remove();
drawFilters();
listen();
byId("bar").hidden = false;
refresh();
