// This stands before the script of each widget.

const NO_KERNEL = "The kernel that answered here is gone. Run the cell again.";

// Keys that stay the page's while a widget has the focus. All others are the widget's: an arrow
// would move to another cell, and the letters dd delete one.
function isShortcut(event) {
  const runsCell = event.key === "Enter" && event.shiftKey;
  return event.ctrlKey || event.altKey || event.metaKey || event.key === "Escape" || runsCell;
}

// Keeps the keys in `el` that are the widget's. Returns a function that ends it.
function keepKeys(el) {
  // Notebook 7 takes a key before `el` hears of it, but not from what has this attribute.
  const mark = (event) => {
    const { target } = event;
    if (el.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", !isShortcut(event));
  };
  const stop = (event) => isShortcut(event) || event.stopPropagation();
  window.addEventListener("keydown", mark, true);
  el.addEventListener("keydown", stop);
  return () => {
    window.removeEventListener("keydown", mark, true);
    el.removeEventListener("keydown", stop);
  };
}

// Sends a message to the kernel; returns false if the kernel that made `model` is gone.
function tell(model, ...message) {
  try {
    model.send(...message);
    return true;
  } catch {
    return false;
  }
}

// Keeps the widget's keys in `el`, and lets `say` tell, whenever `el` is touched, that the kernel is
// gone; nothing else happens then. Returns a function that ends both.
function watch(model, el, say) {
  const { kernel } = model.widget_manager; // JupyterLab's; other programs may have none
  let restarted = false;

  function look(event) {
    const passes = event.type === "keydown" && (isShortcut(event) || event.key === "Tab");
    const lost = restarted || kernel?.isDisposed || el.closest(".jupyter-widgets-disconnected");
    if (passes || !lost) return;
    say(NO_KERNEL);
    event.preventDefault();
    event.stopPropagation();
  }

  const freeKeys = keepKeys(el);
  const follow = (_, status) => (restarted ||= status.endsWith("restarting"));
  for (const touch of ["pointerdown", "click", "keydown"]) el.addEventListener(touch, look, true);
  kernel?.statusChanged.connect(follow);
  return () => {
    freeKeys();
    kernel?.statusChanged.disconnect(follow);
  };
}
