// Light or dark as the staff pages are set, or as the system is; before anything is drawn.
(() => {
  const chosen = (localStorage.getItem("adminTheme") ?? "").replaceAll('"', "");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const dark = chosen === "dark" || (chosen !== "light" && system.matches);
    document.documentElement.classList.toggle("dark", dark);
  };
  paint();
  system.addEventListener("change", paint);
})();
