// A PNG with its caption. A clickable picture has a cross-hair, moved by the arrow keys; a part of
// it can be a pad to draw on. Places are fractions of the picture, or of the pad, counted from the
// upper left corner.

const STEP = 0.01;
const LARGE_STEP = 0.1;
const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const KEY_STEP = 1 / 28; // of the pad
const SEND_EVERY = 80; // milliseconds between two pieces of a stroke
const PAD_HELP =
  "Draw with the mouse or a finger. Arrow keys move the pen, Shift for larger steps; " +
  "Space lowers and raises it.";
const HELP = "Arrow keys move the cross-hair, Shift for larger steps; Enter or Space clicks.";

function element(name, className, parent) {
  const node = document.createElement(name);
  node.className = className;
  parent.append(node);
  return node;
}

function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

function showPicture(model, img) {
  const url = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
  const old = img.src;
  img.src = url;
  if (old) URL.revokeObjectURL(old);
}

function addCursor(model, frame, img) {
  const cursor = element("div", "nnutils-cursor nnutils-cross", frame);
  const at = { x: 0.5, y: 0.5 };

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

// Lays a canvas over the pad. A stroke appears on it at once and travels to the kernel in pieces,
// the next when the kernel has drawn the one before; what the picture shows, the canvas forgets.
// Returns `hold`, which lets clicks on the lab wait for the pieces, and `remove`, which ends it all.
function addPad(model, frame, img, say) {
  const canvas = element("canvas", "nnutils-pad", frame);
  const pen = element("div", "nnutils-pen", frame);
  const paint = canvas.getContext("2d");
  const view = Math.random(); // a lab can be on a page twice
  const at = { x: 0.5, y: 0.5 }; // the pen that the keys move
  const pieces = []; // what the picture does not show yet, the oldest first
  let sent = 0; // of the pieces: 1 while the kernel draws, else 0
  const held = []; // what was clicked meanwhile
  let count = 0;
  let last = null; // the place of a pen that draws
  let pointer = null; // the event with which a mouse button, finger or pen began to draw
  let replaces = false; // the next stroke stands for the one before

  function drawPiece({ points }) {
    paint.beginPath();
    paint.moveTo(points[0][0] * canvas.width, points[0][1] * canvas.height);
    for (const [x, y] of points) {
      paint.lineTo(x * canvas.width + 0.01, y * canvas.height); // a line of no length is not drawn
    }
    paint.stroke();
  }

  function redraw() {
    const [left, top, width, height] = model.get("pad");
    const place = { left, top, width, height };
    for (const side in place) canvas.style[side] = `${100 * place[side]}%`;
    canvas.width = 2 * width * model.get("width"); // twice as fine as the picture; this clears it
    canvas.height = 2 * height * model.get("height");
    paint.lineWidth = model.get("pen") * canvas.width;
    paint.lineCap = paint.lineJoin = "round";
    pieces.filter((piece) => !piece.withdrawn).forEach(drawPiece);
  }

  function drawTo(x, y) {
    const point = [x, y];
    if (sent === pieces.length || last === null) {
      const points = last === null ? [point] : [last, point];
      pieces.push({ points, continues: last !== null, replaces, id: `${view} ${count++}` });
      replaces = false;
    } else {
      pieces.at(-1).points.push(point);
    }
    drawPiece({ points: [last ?? point, point] });
    last = point;
  }

  // Takes the stroke back that is being drawn: here, and if the lab has a part of it, there too.
  function withdraw() {
    const first = pieces.findLastIndex((piece) => !piece.continues);
    replaces = first < sent;
    pieces.length = Math.max(first, sent);
    if (replaces && sent) pieces[0].withdrawn = true;
    redraw();
  }

  function send() {
    if (!tell(model, pieces[0])) say(NO_KERNEL);
    sent = 1;
  }

  function forget({ drawn }) {
    if (pieces[0]?.id !== drawn) return;
    pieces.shift();
    sent = 0;
    img.decode().catch(() => null).then(redraw);
    if (!pieces.length) held.splice(0).forEach((button) => button.click());
  }

  // The kernel may take messages that come quickly in another order: Undo before the last piece.
  function hold(event) {
    if (!pieces.length || event.target === canvas) return;
    held.push(event.target);
    event.preventDefault();
    event.stopPropagation();
  }

  function fromPointer(event) {
    const box = canvas.getBoundingClientRect();
    drawTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  function showPen(visible) {
    const [left, top, width, height] = model.get("pad");
    pen.hidden = !visible;
    pen.style.left = `${100 * (left + at.x * width)}%`;
    pen.style.top = `${100 * (top + at.y * height)}%`;
    pen.classList.toggle("nnutils-down", last !== null);
  }

  function lift() {
    pointer = last = null;
    showPen(!pen.hidden);
  }

  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", PAD_HELP);
  canvas.title = PAD_HELP;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (pointer !== null) {
      if (event.pointerType !== "pen" || pointer.pointerType !== "touch") return;
      withdraw(); // of the palm that came before the pen
    }
    lift();
    showPen(false);
    pointer = event;
    canvas.setPointerCapture(pointer.pointerId);
    fromPointer(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer?.pointerId) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) fromPointer(move);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    canvas.addEventListener(name, (event) => event.pointerId === pointer?.pointerId && lift());
  }
  canvas.addEventListener("keydown", (event) => {
    if (isShortcut(event)) return;
    if (event.key in ARROWS) {
      const [x, y] = ARROWS[event.key];
      const step = event.shiftKey ? 4 * KEY_STEP : KEY_STEP;
      at.x = clamp(at.x + step * x);
      at.y = clamp(at.y + step * y);
      if (last !== null) drawTo(at.x, at.y);
    } else if (event.key === " ") {
      if (last === null) drawTo(at.x, at.y);
      else lift();
    } else {
      return;
    }
    showPen(true);
    event.preventDefault();
  });
  canvas.addEventListener("focus", () => showPen(canvas.matches(":focus-visible")));
  canvas.addEventListener("blur", () => {
    lift();
    showPen(false);
  });

  showPen(false);
  redraw();
  model.on("change:pad change:pen", redraw);
  model.on("msg:custom", forget);
  const timer = setInterval(() => sent === 0 && pieces.length && send(), SEND_EVERY);
  function remove() {
    clearInterval(timer);
    model.off("change:pad change:pen", redraw);
    model.off("msg:custom", forget);
  }
  return { hold, remove };
}

// Gives the handle of each slider the text of its label as a name: ipywidgets leaves it without.
function nameSliders(lab) {
  for (const slider of lab.querySelectorAll(".widget-slider")) {
    const name = slider.querySelector(".widget-label").textContent;
    slider.querySelector(".noUi-handle")?.setAttribute("aria-label", name);
  }
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
  const say = (text) => (error.textContent = text);
  const pad = model.get("pad").length ? addPad(model, frame, img, say) : null;

  function update() {
    img.alt = caption.textContent = model.get("caption");
    error.textContent = model.get("error");
  }
  const redraw = () => showPicture(model, img);
  update();
  redraw();
  model.on("change:caption change:error", update);
  model.on("change:png", redraw);
  const lab = () => el.closest(".nnutils-lab") ?? el;
  const newParts = new MutationObserver(() => nameSliders(lab()));
  let forgetKernel;
  const forget = whenConnected(el, () => {
    forgetKernel = watch(model, lab(), say);
    if (pad) lab().addEventListener("click", pad.hold, true);
    newParts.observe(lab(), { childList: true, subtree: true });
    nameSliders(lab());
  });
  tell(model, { views: 1 });
  return () => {
    tell(model, { views: -1 });
    forget();
    forgetKernel?.();
    pad?.remove();
    newParts.disconnect();
    model.off("change:caption change:error", update);
    model.off("change:png", redraw);
    URL.revokeObjectURL(img.src);
  };
}

export default { render };
