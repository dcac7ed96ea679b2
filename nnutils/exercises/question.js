// A question or a guess with native inputs: choices, a number, or a cross on a picture.

const CROSS_STEP = 0.01; // of the axes; with Shift ten times as much
const CROSS_HELP = "Arrow keys move the cross, Shift for larger steps; Enter guesses.";

function element(name, parent, text = "") {
  const node = document.createElement(name);
  node.innerHTML = text;
  parent.append(node);
  return node;
}

// Each of these fills `group` with inputs and returns a function that tells what is in them.
const INPUTS = { choice: addChoices, number: addNumber, mark: addMark };

// Radio buttons, or check boxes when several choices are right.
function addChoices(group, model) {
  const inputs = model.get("choices").map((text, k) => {
    const label = element("label", group);
    const input = element("input", label);
    input.type = model.get("several") ? "checkbox" : "radio";
    input.name = "choice";
    input.checked = model.get("given")?.includes(k) ?? false;
    element("span", label, text);
    return input;
  });
  return () => [...inputs.keys()].filter((k) => inputs[k].checked);
}

function addNumber(group, model) {
  const label = element("label", group, "Your guess:");
  const input = element("input", label);
  input.type = "number";
  input.step = "any";
  input.value = model.get("given") ?? "";
  return () => input.value;
}

// The cross stands where one clicks; its place is [x, y] in shares of the axes, from their upper
// left corner.
function addMark(group, model) {
  const [left, top, width, height] = model.get("axes_box");
  const frame = element("div", group);
  const img = element("img", frame);
  const cross = element("div", frame);
  let at = model.get("given");

  function show() {
    cross.hidden = at === null;
    if (cross.hidden) return;
    cross.style.left = `${100 * (left + width * at[0])}%`;
    cross.style.top = `${100 * (top + height * at[1])}%`;
  }

  function moveTo(...place) {
    at = place.map((share) => Math.min(1, Math.max(0, share)));
    show();
    model.send({ cross: at });
  }

  frame.className = "nnutils-marked";
  frame.setAttribute("role", "application");
  frame.setAttribute("aria-label", CROSS_HELP);
  cross.className = "nnutils-cross";
  img.src = `data:image/png;base64,${model.get("picture")}`;
  img.alt = model.get("alt");
  img.title = CROSS_HELP;
  img.tabIndex = 0;
  img.draggable = false;
  img.addEventListener("click", (event) => {
    const box = img.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width;
    const y = (event.clientY - box.top) / box.height;
    moveTo((x - left) / width, (y - top) / height);
  });
  img.addEventListener("keydown", (event) => {
    if (isShortcut(event)) return;
    const right = (event.key === "ArrowRight") - (event.key === "ArrowLeft");
    const down = (event.key === "ArrowDown") - (event.key === "ArrowUp");
    const step = event.shiftKey ? 10 * CROSS_STEP : CROSS_STEP;
    const [x, y] = at ?? [0.5, 0.5];
    if (right || down) moveTo(x + step * right, y + step * down);
    else if (event.key === "Enter") img.closest("form").requestSubmit();
    else return;
    event.preventDefault();
  });
  show();
  return () => at;
}

function render({ model, el }) {
  const form = element("form", el);
  form.className = "nnutils-question";
  const group = element("fieldset", form);
  element("legend", group, model.get("heading"));
  const given = INPUTS[model.get("kind")](group, model);
  element("button", form, model.get("button")).className = "jupyter-button";
  const feedback = element("div", form);
  feedback.setAttribute("role", "status");

  const forget = watch(model, form, (text) => (feedback.textContent = text));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    model.send(given());
  });
  const update = () => (feedback.innerHTML = model.get("feedback_html"));
  update();
  model.on("change:feedback_html", update);
  return () => {
    forget();
    model.off("change:feedback_html", update);
  };
}

export default { render };
