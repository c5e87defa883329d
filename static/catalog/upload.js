// Says before the upload that a file is too large: the server cuts such a connection.
const form = document.querySelector("form[data-most-bytes]");
const file = form.querySelector("input[type=file]");
file.addEventListener("change", () => {
  const tooLarge = file.files.length && file.files[0].size > Number(form.dataset.mostBytes);
  file.setCustomValidity(tooLarge ? form.dataset.tooLarge : "");
  file.reportValidity();
});
form.addEventListener("submit", () => {
  form.querySelector("button[type=submit]").disabled = true;
});
