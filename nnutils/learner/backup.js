// Two buttons: one downloads the learner's work as a file, the other sends such a file back.

const PIECE = 4 * 2 ** 20; // bytes; a message of over 10 MB would close the kernel's connection

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
  const view = Math.random(); // the kernel's answers reach every view
  let chosen; // the file that is brought back
  save.className = restore.className = "jupyter-button";
  save.style.width = restore.style.width = "auto";
  file.type = "file";
  file.accept = ".zip";
  file.hidden = true;
  message.setAttribute("role", "status");

  const say = (text) => (message.textContent = text);

  async function sendPiece(at) {
    try {
      const piece = await chosen.slice(at, at + PIECE).arrayBuffer();
      if (!tell(model, { view, at, size: chosen.size }, undefined, [piece])) say(NO_KERNEL);
    } catch (error) {
      say(`The file cannot be read: ${error.message}`);
    }
  }

  save.addEventListener("click", () => model.send({ view, save: true }));
  restore.addEventListener("click", () => file.click());
  file.addEventListener("change", () => {
    if (!file.files.length) return;
    say("Bringing it back …");
    chosen = file.files[0];
    sendPiece(0);
    file.value = ""; // the same file may be chosen again
  });
  const forget = watch(model, el, say);

  function arrived(answer, buffers) {
    if (answer.view !== view) return;
    if (answer.name) download(answer.name, buffers[0]);
    else sendPiece(answer.next);
  }
  const update = () => model.get("message") && say(model.get("message"));
  update();
  model.on("msg:custom", arrived);
  model.on("change:message", update);
  return () => {
    forget();
    model.off("msg:custom", arrived);
    model.off("change:message", update);
  };
}

export default { render };
