// Two buttons: one downloads the learner's work as a file, the other sends such a file back.

function element(name, parent, text = "") {
  const node = document.createElement(name);
  node.textContent = text;
  parent.append(node);
  return node;
}

function download(name, buffer) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([buffer], { type: "application/zip" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function render({ model, el }) {
  const save = element("button", el, "Save my work");
  const restore = element("button", el, "Bring my work back");
  const file = element("input", el);
  const message = element("p", el);
  save.className = restore.className = "jupyter-button";
  save.style.width = restore.style.width = "auto";
  file.type = "file";
  file.accept = ".zip";
  file.hidden = true;
  message.setAttribute("role", "status");

  save.addEventListener("click", () => model.send("save"));
  restore.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    message.textContent = "Bringing it back …";
    model.send("restore", undefined, [await file.files[0].arrayBuffer()]);
    file.value = ""; // the same file may be chosen again
  });
  el.addEventListener("keydown", (event) => event.stopPropagation());

  const arrived = (content, buffers) => download(content.name, buffers[0]);
  const update = () => (message.textContent = model.get("message"));
  update();
  model.on("msg:custom", arrived);
  model.on("change:message", update);
  return () => {
    model.off("msg:custom", arrived);
    model.off("change:message", update);
  };
}

export default { render };
