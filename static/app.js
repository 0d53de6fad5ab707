// Shortens the way; every page works without it. Nothing is remembered.

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if ("device" in form.dataset) {
      const field = form.elements.namedItem("device_at");
      if (field) field.value = new Date().toISOString();
    }
    // The same form sent twice is carried out once, so trying again after a while is safe.
    setTimeout(() => setSending(form, true), 0);
    setTimeout(() => setSending(form, false), 15000);
  });
}

function setSending(form, sending) {
  for (const button of form.querySelectorAll("button:not([type=button])")) button.disabled = sending;
  if (!sending) delete form.dataset.sent;
}

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) setSending(form, false);
  for (const tick of document.querySelectorAll("[data-shows]")) showBox(tick);
});

function showBox(tick) {
  document.getElementById(tick.dataset.shows).hidden = !tick.checked;
}

for (const tick of document.querySelectorAll("[data-shows]")) {
  showBox(tick);
  tick.addEventListener("change", () => showBox(tick));
}

for (const box of document.querySelectorAll("textarea[data-left]")) {
  const count = document.getElementById(`${box.id}-count`);
  const tell = () => {
    const left = Number(box.dataset.most) - box.value.length;
    count.hidden = left > 200;
    count.classList.toggle("error", left < 0);
    count.textContent = (left < 0 ? box.dataset.over : box.dataset.left).replace("{n}", Math.abs(left));
  };
  if (count && box.dataset.most) {
    box.addEventListener("input", tell);
    tell();
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = button.dataset.done;
  });
}

for (const field of document.querySelectorAll("[data-select]")) field.addEventListener("focus", () => field.select());

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const menu = document.querySelector("details.menu");
if (menu) {
  document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      menu.removeAttribute("open");
      menu.querySelector("summary").focus();
    }
  });
}

document.querySelector("[data-focus]")?.focus();
