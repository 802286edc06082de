// Before the first paint: without a choice of the reader's own, the page follows the device.
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = root.dataset.bsTheme;
  const follow = () => {
    if (!/(?:^|; )sindico_theme=(light|dark)/.test(document.cookie)) {
      root.dataset.bsTheme = dark.matches ? "dark" : "light";
    }
  };
  if (!chosen) follow();
  dark.addEventListener("change", follow);
  root.classList.add("with-scripts");
})();
