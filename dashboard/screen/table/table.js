// A table of plain HTML: names are links, columns sort, numbers and days are written in the page's language.

const FIRST = 30;
const NEXT = 300;
const NOTHING = "–";
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DECIMALS = { integer: [0, 0], money: [2, 2], decimal: [0, 2], rate: [2, 2], exchange: [4, 4] };
const WORDS = 18, HEADING = 9;
const SKIPPED_FROM = 10;
// Safari does not tell when it is idle.
const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
const kept = new WeakMap();
// By which heading somebody sorted a table, for when it is drawn anew, as after a choice or one step back.
const sorts = new Map();

// A share in whole per cents; a small one is not none, an almost full one not all.
function share(value, whole) {
  if (value > 0 && value < 0.005) return "<1\u00a0%";
  if (value >= 0.995 && value < 1) return ">99\u00a0%";
  return `${whole.format(Math.floor(value * 100 + 0.5))}\u00a0%`;
}

function day(iso, language, isMonth) {
  const [year, month, date] = iso.split("-");
  if (language !== "en") return isMonth ? `${month}.${year}` : `${date}.${month}.${year}`;
  return `${isMonth ? "" : `${Number(date)} `}${MONTHS[month - 1]} ${year}`;
}

// How a column's values are written.
function writer(kind, language) {
  if (isDay(kind)) return (value) => day(value, language, kind === "month");
  if (kind === "percent") return (value) => share(value, new Intl.NumberFormat(language));
  if (!(kind in DECIMALS)) return String;
  const [minimumFractionDigits, maximumFractionDigits] = DECIMALS[kind];
  const format = new Intl.NumberFormat(language, { minimumFractionDigits, maximumFractionDigits });
  return (value) => format.format(value).replace("-", "−");
}

function isNumber(kind) {
  return kind in DECIMALS || kind === "percent";
}

function isDay(kind) {
  return kind === "date" || kind === "month";
}

// No column is narrower than a few words of it, and of its heading; the table scrolls sideways instead.
function narrowest({ heading, values, kind }) {
  const longest = isNumber(kind) || isDay(kind) ? 0 : Math.max(0, ...values.map((value) => String(value ?? "").length));
  return Math.max(Math.min(longest, WORDS), Math.min(heading.length, HEADING));
}

// The first column stays in sight where it says in words what a row is about.
function names({ values, kind }) {
  return !isNumber(kind) && !isDay(kind) && values.some((value) => /\p{L}/u.test(value ?? ""));
}

// The rows in the order of a column: numbers by size, words by the alphabet, what is unknown last.
function ordered(state) {
  const { columns, language } = state.data;
  const rows = [...(columns[0]?.values ?? []).keys()];
  if (!state.by) return rows;
  const { place, falls } = state.by;
  const { values, kind } = columns[place];
  const words = new Intl.Collator(language, { numeric: true });
  const compare = isNumber(kind) ? (a, b) => a - b : (a, b) => words.compare(a, b);
  const unknown = (value) => value === null || value === "" || value === NOTHING;
  return rows.sort((one, other) => {
    const a = values[one], b = values[other];
    if (unknown(a) || unknown(b)) return unknown(a) - unknown(b) || one - other;
    return (falls ? -compare(a, b) : compare(a, b)) || one - other;
  });
}

function made(name, text, properties = {}) {
  const node = Object.assign(document.createElement(name), properties);
  if (text !== undefined) node.textContent = text;
  return node;
}

function row(state, at) {
  const line = made("tr");
  state.data.columns.forEach(({ values, kind, profile, bearers, leads }, place) => {
    const value = values[at];
    const text = value === null || value === "" ? NOTHING : state.writers[place](value);
    const cell = place ? made("td") : made("th", undefined, { scope: "row" });
    cell.className = isNumber(kind) ? "meridian-number" : isDay(kind) ? "meridian-day" : "";
    const known = leads && Object.hasOwn(leads, value) ? leads[value] : null;
    const href = bearers?.[at] ? profile + encodeURIComponent(bearers[at]) : known;
    cell.append(href ? made("a", text, { href }) : text);
    if (href) cell.firstChild.dataset.within = "";
    line.append(cell);
  });
  return line;
}

// The first rows at once, the others when the browser has nothing else to do, or at once before it prints.
function fill(state) {
  const body = made("tbody");
  state.rest = ordered(state);
  state.host.querySelector("tbody").replaceWith(body);
  more(state, body, FIRST);
}

function more(state, body, rows) {
  if (!body.isConnected || !state.rest.length) return;
  body.append(...state.rest.splice(0, rows).map((at) => row(state, at)));
  if (state.rest.length) whenIdle(() => more(state, body, NEXT), { timeout: 500 });
}

function sorted(state, place, heading) {
  const was = state.by?.place === place ? state.by : null;
  const startsFalling = isNumber(state.data.columns[place].kind);
  state.by = was && was.falls !== startsFalling ? null : { place, falls: was ? !was.falls : startsFalling };
  sorts.set(state.data.key, state.by && { ...state.by, heading: state.data.columns[place].heading });
  for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
  mark(state, heading);
  state.host.scrollTop = 0;
  fill(state);
}

function mark(state, heading) {
  heading.setAttribute("aria-sort", state.by ? (state.by.falls ? "descending" : "ascending") : "none");
}

// For whoever reads by keyboard: one step past all the names of a table.
function skip(state) {
  const button = made("button", state.data.skip, { type: "button", className: "meridian-skip" });
  button.addEventListener("click", () => state.host.nextElementSibling.focus());
  state.host.prepend(button);
}

function draw(state) {
  const { columns, language, alt } = state.data;
  const by = sorts.get(state.data.key);
  state.by = by && columns[by.place]?.heading === by.heading ? by : null;
  state.writers = columns.map(({ kind }) => writer(kind, language));
  const line = made("tr");
  columns.forEach((column, place) => {
    const head = made("th", undefined, { scope: "col", className: isNumber(column.kind) ? "meridian-number" : "" });
    head.style.minWidth = `calc(${narrowest(column)}ch + 1.2rem)`;
    const button = made("button", column.heading, { type: "button", title: column.help });
    button.addEventListener("click", () => sorted(state, place, head));
    head.append(button);
    line.append(head);
    if (state.by?.place === place) mark(state, head);
  });
  const table = made("table"), head = made("thead");
  head.append(line);
  table.append(head, made("tbody"));
  table.className = columns.length && names(columns[0]) ? "meridian-names" : "";
  state.host.replaceChildren(table);
  state.host.setAttribute("aria-label", alt);
  state.host.scrollTop = 0;
  if (columns[0]?.values.length > SKIPPED_FROM && columns.some(({ bearers, leads }) => bearers ?? leads)) skip(state);
  fill(state);
}

export default function (component) {
  const { parentElement, data } = component;
  let state = kept.get(parentElement);
  if (!state) {
    state = { host: parentElement.querySelector(".meridian-table") };
    kept.set(parentElement, state);
    state.print = () => more(state, state.host.querySelector("tbody"), Infinity);
    addEventListener("beforeprint", state.print);
  }
  const drawn = JSON.stringify(data);
  if (drawn !== state.drawn) {
    Object.assign(state, { data, drawn });
    draw(state);
  }
  return () =>
    setTimeout(() => {
      if (state.host.isConnected || kept.get(parentElement) !== state) return;
      removeEventListener("beforeprint", state.print);
      kept.delete(parentElement);
    });
}
