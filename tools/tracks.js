// The labs of a page without a kernel: move along the pictures that were drawn beforehand.
for (const figure of document.querySelectorAll("figure.lab")) {
  const data = figure.querySelector('script[type="application/json"]');
  if (!data) continue;
  const tracks = JSON.parse(data.textContent);
  const picture = figure.querySelector("img");
  const caption = figure.querySelector("figcaption");
  const box = figure.querySelector(".tracks");
  let track = tracks[0];
  let timer = null;

  const make = (name, settings, parent = box) => parent.appendChild(Object.assign(document.createElement(name), settings));
  const which = make("select", { ariaLabel: "What moves" });
  for (const [k, { label }] of tracks.entries()) make("option", { value: k, textContent: label }, which);
  which.hidden = tracks.length === 1;
  const slider = make("input", { type: "range", min: 0, step: 1 });
  const value = make("output", {});
  const button = make("button", { type: "button", textContent: "▶ Play" });

  const show = () => {
    const frame = track.frames[slider.value];
    picture.src = frame.src;
    picture.alt = frame.caption;
    caption.textContent = frame.caption;
    value.textContent = `${track.label}: ${frame.at}`;
    slider.setAttribute("aria-valuetext", value.textContent);
  };
  const load = () => track.frames.forEach((frame) => (new Image().src = frame.src));
  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "▶ Play";
  };
  const choose = () => {
    stop();
    track = tracks[which.value || 0];
    slider.max = track.frames.length - 1;
    slider.value = track.start;
    slider.setAttribute("aria-label", track.label);
    load();
    show();
  };
  which.onchange = choose;
  slider.oninput = () => (stop(), show());
  button.onclick = () => {
    if (timer) return stop();
    if (+slider.value === track.frames.length - 1) slider.value = 0;
    button.textContent = "❚❚ Pause";
    timer = setInterval(() => {
      slider.stepUp();
      show();
      if (+slider.value === track.frames.length - 1) stop();
    }, 200);
  };

  // Pictures are fetched when the lab comes into sight.
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    box.hidden = false;
    choose();
  }).observe(figure);
}

// On a phone a picture is small: a tap shows it at its full size, a second one all of it again.
for (const img of document.querySelectorAll(".picture img")) {
  img.addEventListener("click", () => img.classList.toggle("large"));
}
