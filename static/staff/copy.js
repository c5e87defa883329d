// Buttons with data-copy put the text of the block before them on the clipboard.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const block = button.previousElementSibling;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = "Copied";
  } catch {
    // No clipboard over plain http: mark the text, so that Ctrl-C is all that is left to do.
    getSelection().selectAllChildren(block);
    button.textContent = "Text selected: press Ctrl-C";
  }
  setTimeout(() => { button.textContent = label; }, 2000);
});
