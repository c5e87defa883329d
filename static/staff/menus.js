// Menus above a list close on Escape, and when somebody goes elsewhere. Without this script their title closes them.
const open = () => document.querySelectorAll("details.mf-menu[open]");

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
for (const kind of ["pointerdown", "focusin"]) {
  document.addEventListener(kind, (event) => {
    // Select2 draws its lists at the end of the page.
    if (event.target.closest?.(".select2-container, .select2-dropdown")) return;
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
}
