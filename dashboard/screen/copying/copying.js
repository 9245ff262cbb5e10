// A button that copies the address of the page, which restores what is shown; the page says in which language it is, and which
// part of it is open: where parts do not fit beside each other, as on a phone, the open one comes into view.

function comesIntoView(parts) {
  const open = [...parts.children].find((one) => one.matches("[aria-checked=true]") || one.querySelector("[aria-checked=true]"));
  if (open) parts.scrollLeft = open.offsetLeft - parts.offsetLeft - (parts.clientWidth - open.offsetWidth) / 2;
}

export default function (component) {
  const { parentElement, data } = component;
  const button = parentElement.querySelector(".meridian-copy");
  document.documentElement.lang = data.language;
  document.querySelectorAll("[data-testid=stMain] [role=radiogroup]").forEach(comesIntoView);
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
