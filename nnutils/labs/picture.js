// A PNG with its caption. A clickable picture has a cross-hair, moved by the arrow keys.
// Places are fractions of the picture, counted from its upper left corner.

const STEP = 0.01;
const LARGE_STEP = 0.1;
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const HELP = "Arrow keys move the cross-hair, Shift for larger steps; Enter or Space clicks.";

function element(name, className, parent) {
  const node = document.createElement(name);
  node.className = className;
  parent.append(node);
  return node;
}

// Keys that stay JupyterLab's while a lab has the focus. All others are for the lab: an arrow
// would move to another cell, and the letters dd delete one.
function isShortcut(event) {
  const runsCell = event.key === "Enter" && event.shiftKey;
  return event.ctrlKey || event.altKey || event.metaKey || event.key === "Escape" || runsCell;
}

function keepKey(event) {
  if (!isShortcut(event)) event.stopPropagation();
}

function showPicture(model, img) {
  const url = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
  const old = img.src;
  img.src = url;
  if (old) URL.revokeObjectURL(old);
}

function addCursor(model, frame, img) {
  const cursor = element("div", "nnutils-cursor", frame);
  const at = { x: 0.5, y: 0.5 };
  const clamp = (value) => Math.min(1, Math.max(0, value));

  function moveTo(x, y) {
    at.x = clamp(x);
    at.y = clamp(y);
    cursor.style.left = `${100 * at.x}%`;
    cursor.style.top = `${100 * at.y}%`;
  }

  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", HELP);
  img.title = HELP;
  moveTo(at.x, at.y);

  img.addEventListener("click", (event) => {
    const box = img.getBoundingClientRect();
    moveTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    model.send({ ...at });
  });
  img.addEventListener("keydown", (event) => {
    if (isShortcut(event)) return;
    if (event.key in ARROWS) {
      const [x, y] = ARROWS[event.key];
      const step = event.shiftKey ? LARGE_STEP : STEP;
      moveTo(at.x + step * x, at.y + step * y);
    } else if (event.key === "Enter" || event.key === " ") {
      model.send({ ...at });
    } else {
      return;
    }
    event.preventDefault();
  });
}

// Calls `action` once `el` is in the page; returns a function that calls it off.
function whenConnected(el, action) {
  let request;
  const look = () => {
    if (el.isConnected) action();
    else request = requestAnimationFrame(look);
  };
  look();
  return () => cancelAnimationFrame(request);
}

function render({ model, el }) {
  const frame = element("div", "nnutils-frame", el);
  const img = element("img", "nnutils-picture", frame);
  const caption = element("p", "nnutils-caption", el);
  const error = element("p", "nnutils-error", el);
  img.width = model.get("width");
  img.height = model.get("height");
  img.tabIndex = 0;
  img.draggable = false;
  caption.setAttribute("aria-live", "polite");
  error.setAttribute("role", "alert");
  if (model.get("clickable")) addCursor(model, frame, img);

  function update() {
    img.alt = caption.textContent = model.get("caption");
    error.textContent = model.get("error");
  }
  const redraw = () => showPicture(model, img);
  update();
  redraw();
  model.on("change:caption change:error", update);
  model.on("change:png", redraw);
  const forget = whenConnected(el, () => {
    (el.closest(".nnutils-lab") ?? el).addEventListener("keydown", keepKey);
  });
  return () => {
    forget();
    model.off("change:caption change:error", update);
    model.off("change:png", redraw);
    URL.revokeObjectURL(img.src);
  };
}

export default { render };
