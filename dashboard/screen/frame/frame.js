// What a page does beside its content: it says in which language it is, leads within the app without loading it anew, copies its address,
// and where parts do not fit beside each other, as on a phone, the open one comes into view.

const NAVIGATION = "[data-testid=stSidebarNavLink]", WITHIN = "a[data-within]";
const PHONE = 768;

function comesIntoView(parts) {
  const open = [...parts.children].find((one) => one.matches("[aria-checked=true]") || one.querySelector("[aria-checked=true]"));
  if (open) parts.scrollLeft = open.offsetLeft - parts.offsetLeft - (parts.clientWidth - open.offsetWidth) / 2;
}

// To another page in one step, so that one step back leads to the page as it was; Streamlit's own way takes two, of which the first
// leads nowhere. What opens a new tab is the browser's, and on a phone the navigation is Streamlit's, which closes it.
function leads(event) {
  const link = event.target.closest?.(innerWidth > PHONE ? `${NAVIGATION}, ${WITHIN}` : WITHIN);
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  if (link.href.split("?")[0] === location.href.split("?")[0] && !link.search) return;
  history.pushState({}, "", link.href);
  dispatchEvent(new PopStateEvent("popstate"));
  const main = document.querySelector("[data-testid=stMain]");
  main?.scrollTo(0, 0);
  if (link.matches(WITHIN)) main?.focus();
}

export default function (component) {
  const { parentElement, data } = component;
  const button = parentElement.querySelector(".meridian-copy");
  document.documentElement.lang = data.language;
  document.querySelectorAll("[data-testid=stMain] [role=radiogroup]").forEach(comesIntoView);
  if (!window.meridianLeads) {
    window.meridianLeads = true;
    document.addEventListener("click", leads, true);
  }
  button.textContent = data.label;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      button.textContent = data.done;
    } catch {
      window.prompt(data.label, location.href);
    }
    setTimeout(() => (button.textContent = data.label), 2500);
  };
}
