// Searches as one types: the address says what is looked for, and the list is asked for anew. Without
// JavaScript the form does the same.
"use strict";
{
  const form = document.getElementById("search"), found = document.getElementById("found");
  const clear = form.querySelector("a.button");
  let due;

  const search = async () => {
    clearTimeout(due);
    const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
    const address = "/changes" + (wanted.size ? "?" + wanted : "");
    if (address === location.pathname + location.search) return;
    history.replaceState(null, "", address);
    clear.hidden = !wanted.size;
    document.getElementById("list").setAttribute("aria-busy", "true");
    await replace();
    const list = document.getElementById("list"), rows = list.querySelectorAll("tr[id]").length;
    list.removeAttribute("aria-busy");
    found.textContent = rows ? `${rows} ${rows === 1 ? "change" : "changes"}${list.querySelector(".older") ? ", and older ones" : ""}` : "Nothing found";
  };

  form.addEventListener("input", (event) => {
    clearTimeout(due);
    due = setTimeout(search, event.target.name === "q" || event.target.name === "person" ? 250 : 600);
  });
  form.addEventListener("change", search);
  form.addEventListener("submit", (event) => { event.preventDefault(); search(); });
}
