// A button that copies the address of the page, which restores what is shown; the page says in which language it is.

export default function (component) {
  const { parentElement, data } = component;
  const button = parentElement.querySelector(".meridian-copy");
  document.documentElement.lang = data.language;
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
