// Pages that look again by themselves do not while nobody sees them, and lead to the login once the session has ended.
document.addEventListener("htmx:beforeRequest", (event) => {
  const looksAgain = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every");
  if (looksAgain && document.hidden) event.preventDefault();
});
document.addEventListener("htmx:beforeSwap", (event) => {
  const { pathname } = new URL(event.detail.xhr.responseURL, location.href);
  if (!pathname.endsWith("/login/")) return;
  event.preventDefault();
  // The sidebar is on every page: one where somebody writes or decides stays as it is.
  if (!event.detail.elt.matches(".mf-count")) location.reload();
});
