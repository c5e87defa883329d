// Pages that look again by themselves do not while nobody sees them.
document.addEventListener("htmx:beforeRequest", (event) => {
  const looksAgain = event.detail.elt.getAttribute("hx-trigger")?.startsWith("every");
  if (looksAgain && document.hidden) event.preventDefault();
});
