// A chart that keeps its plot: figures are made in Python, drawn here by Plotly.react, and left alone when nothing changed.

const LIBRARY = "plotly-cartesian-4.1.1.min.js";
const CONFIG = { displayModeBar: false, responsive: false, showTips: false };
const PALETTE = /#0000(0[1-9]|10)/g;
const INK = /#0001(0[0-9]|10)/g;
const PAPER_WIDTH = 1000;
const PHONE_WIDTH = 600;
const AXIS = /^[xy]axis\d*$/;
// Safari does not tell when it is idle.
const whenIdle = window.requestIdleCallback ?? ((then) => setTimeout(then, 50));
const kept = new WeakMap();
let library;

function loaded() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(LIBRARY, import.meta.url);
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return library;
}

// Black or white, whichever is easier to read on a colour.
function readable(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

// The figure in the colours of the theme: Python names the places of the palette, the browser knows what they are.
function themed(text, host) {
  const style = getComputedStyle(host);
  const value = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const palette = value("chart-categorical-colors").split(",").map((colour) => colour.trim());
  const ink = value("text-color");
  const inked = text.replace(INK, (_all, place) => (Number(place) ? readable(palette[Number(place) - 1]) : ink));
  const figure = JSON.parse(inked.replace(PALETTE, (_all, place) => palette[Number(place) - 1]));
  const line = value("border-color");
  const layout = figure.layout;
  layout.font = { family: value("font") || style.fontFamily, size: 12, color: ink, ...layout.font };
  layout.colorway ??= palette;
  layout.paper_bgcolor ??= "rgba(0,0,0,0)";
  layout.plot_bgcolor ??= "rgba(0,0,0,0)";
  layout.hoverlabel = { bgcolor: value("secondary-background-color"), bordercolor: line, font: { color: ink }, align: "left" };
  layout.modebar = { remove: ["all"] };
  for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => AXIS.test(key))])) {
    layout[name] = { gridcolor: line, zerolinecolor: line, linecolor: line, ...layout[name] };
  }
  return figure;
}

// What was chosen keeps its colour, everything else of its kind steps back.
function marked(traces, chosen) {
  for (const trace of traces) {
    if (chosen === null || !Array.isArray(trace.customdata) || trace.hoverinfo === "skip") continue;
    const own = trace.customdata.map((one) => (Array.isArray(one) ? one[0] : one));
    if (trace.meta === "cells") {
      trace.marker.line = { width: own.map((one) => (one === chosen ? 3 : 0)), color: trace.textfont.color };
    } else {
      trace.selectedpoints = own.flatMap((one, place) => (one === chosen ? [place] : []));
      trace.unselected = { marker: { opacity: 0.35 } };
    }
  }
}

// Months on axes in the reader's language.
function configured(Plotly, dates) {
  if (!dates) return CONFIG;
  Plotly.register({ moduleType: "locale", name: dates.name, dictionary: {}, format: dates.format });
  return { ...CONFIG, locale: dates.name };
}

function width(state) {
  return state.prints ? PAPER_WIDTH : state.host.clientWidth;
}

function draw(state, Plotly) {
  const { host, data } = state;
  const wide = width(state);
  if (!wide || !host.isConnected) return;
  const shown = data.narrow && wide < PHONE_WIDTH ? data.narrow : data.wide;
  host.style.height = `${shown.height}px`;
  const drawn = `${wide} ${getComputedStyle(host).getPropertyValue("--st-text-color")} ${data.chosen} ${data.dates?.name} ${shown.figure}`;
  if (drawn === state.drawn) return;
  state.drawn = drawn;
  const figure = themed(shown.figure, host);
  marked(figure.data, data.chosen);
  figure.layout.width = wide;
  Plotly.react(host, figure.data, figure.layout, configured(Plotly, data.dates));
  if (!state.listens) {
    state.listens = true;
    host.on("plotly_click", (event) => {
      const own = event.points[0]?.customdata;
      const picked = Array.isArray(own) ? own[0] : own;
      if (state.data.opens && picked !== undefined && picked !== null) {
        state.picked = true;
        state.pick(picked);
      }
    });
  }
}

// What is on the screen is drawn at once, what is further down when the browser has nothing else to do.
function soon(state, Plotly) {
  const { top, bottom } = state.host.getBoundingClientRect();
  if (top < innerHeight && bottom > 0) draw(state, Plotly);
  else whenIdle(() => draw(state, Plotly), { timeout: 300 });
}

// Streamlit also cleans up after a call that a later one overtook: only what left the page is taken down.
function gone(state, parentElement) {
  if (state.host.isConnected || kept.get(parentElement) !== state) return;
  state.observer.disconnect();
  state.theme.removeEventListener("change", state.later);
  removeEventListener("beforeprint", state.print);
  removeEventListener("afterprint", state.print);
  removeEventListener("keydown", state.escape);
  window.Plotly?.purge(state.host);
  kept.delete(parentElement);
}

// After a click the rows that it opened come into view.
function shown(state) {
  const rows = state.picked && state.data.chosen !== null && document.querySelector(`.st-key-${CSS.escape(state.data.rows)}`);
  if (!rows) return;
  state.picked = false;
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  setTimeout(() => {
    const top = rows.getBoundingClientRect().top, lowest = innerHeight * 0.6;
    if (top > lowest || top < 0) rows.closest("[data-testid=stMain]").scrollBy({ top: top - lowest, behavior });
  }, 250);
}

// Escape closes what a click opened, unless something else is being typed or chosen.
function closes(event, state) {
  const elsewhere = event.target.closest?.("input, textarea, [role=listbox], [role=dialog]");
  if (event.key === "Escape" && !elsewhere && state.data.rows && state.data.chosen !== null) state.pick(state.data.chosen);
}

export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  let state = kept.get(parentElement);
  if (!state) {
    const host = parentElement.querySelector(".meridian-plot");
    state = { host };
    kept.set(parentElement, state);
    const again = () => !state.prints && loaded().then((Plotly) => draw(state, Plotly));
    state.observer = new ResizeObserver(again);
    state.observer.observe(host);
    state.theme = matchMedia("(prefers-color-scheme: dark)");
    state.later = () => setTimeout(again, 150);
    state.theme.addEventListener("change", state.later);
    state.print = (event) => {
      state.prints = event.type === "beforeprint";
      if (window.Plotly) draw(state, window.Plotly);
    };
    addEventListener("beforeprint", state.print);
    addEventListener("afterprint", state.print);
    state.escape = (event) => closes(event, state);
    addEventListener("keydown", state.escape);
  }
  state.data = data;
  state.pick = (picked) => setTriggerValue("picked", picked);
  state.host.style.minHeight = `${Math.min(data.wide.height, data.narrow?.height ?? Infinity)}px`;
  state.host.style.cursor = data.opens ? "pointer" : "";
  state.host.setAttribute("aria-label", data.alt);
  loaded().then((Plotly) => soon(state, Plotly));
  shown(state);
  return () => setTimeout(() => gone(state, parentElement));
}
