// Select2 draws its own boxes and leaves them without a name: each takes the label of the field it stands for.
function name(container) {
  const select = container.previousElementSibling;
  if (!select?.matches("select")) return;
  const words = select.labels?.[0]?.textContent.trim() || select.getAttribute("aria-label") || select.name;
  const box = container.querySelector(".select2-selection");
  for (const part of [box, ...box.querySelectorAll("[role=textbox]")]) part.setAttribute("aria-label", words);
  box.removeAttribute("aria-labelledby");
}

new MutationObserver((changes) => {
  for (const { addedNodes } of changes) {
    for (const node of addedNodes) if (node.matches?.(".select2-container:has(.select2-selection)")) name(node);
  }
}).observe(document, { childList: true, subtree: true });
