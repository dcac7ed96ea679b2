// A question with native inputs: radio buttons, or check boxes when several choices are right.

function element(name, parent, text = "") {
  const node = document.createElement(name);
  node.innerHTML = text;
  parent.append(node);
  return node;
}

function render({ model, el }) {
  const form = element("form", el);
  form.className = "nnutils-question";
  const group = element("fieldset", form);
  element("legend", group, model.get("heading"));
  const inputs = model.get("choices").map((text) => {
    const label = element("label", group);
    const input = element("input", label);
    input.type = model.get("several") ? "checkbox" : "radio";
    input.name = "choice";
    element("span", label, text);
    return input;
  });
  element("button", form, "Answer").className = "jupyter-button";
  const feedback = element("div", form);
  feedback.setAttribute("role", "status");

  // JupyterLab would take the arrow keys for itself, and letters as commands.
  form.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    model.send([...inputs.keys()].filter((k) => inputs[k].checked));
  });
  const update = () => (feedback.innerHTML = model.get("feedback_html"));
  update();
  model.on("change:feedback_html", update);
  return () => model.off("change:feedback_html", update);
}

export default { render };
