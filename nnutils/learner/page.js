// This stands before the script of each widget.

const NO_KERNEL = "The kernel that answered here is gone. Run the cell again.";

// Keys that stay JupyterLab's while a widget has the focus. All others are the widget's: an arrow
// would move to another cell, and the letters dd delete one.
function isShortcut(event) {
  const runsCell = event.key === "Enter" && event.shiftKey;
  return event.ctrlKey || event.altKey || event.metaKey || event.key === "Escape" || runsCell;
}

function keepKey(event) {
  if (!isShortcut(event)) event.stopPropagation();
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

// Lets `say` tell, whenever `el` is touched, that the kernel is gone; nothing else happens then.
// Returns a function that ends it.
function watchKernel(model, el, say) {
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

  const follow = (_, status) => (restarted ||= status.endsWith("restarting"));
  for (const touch of ["pointerdown", "click", "keydown"]) el.addEventListener(touch, look, true);
  kernel?.statusChanged.connect(follow);
  return () => kernel?.statusChanged.disconnect(follow);
}
