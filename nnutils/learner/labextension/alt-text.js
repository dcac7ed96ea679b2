// A small extension of JupyterLab, in plain JavaScript. A picture under a cell may come with an
// alternative text in its metadata, as those of `plotting.show` do. JupyterLab stores it and does
// not use it: here the <img> gets it. Without the extension all else stays the same.

const IMAGE = "image/png";

// Returns a factory that makes what `factory` makes, and then sets the text.
function withAltText(factory) {
  return {
    ...factory,
    createRenderer(options) {
      const renderer = factory.createRenderer(options);
      const renderModel = renderer.renderModel.bind(renderer);
      renderer.renderModel = async (model) => {
        await renderModel(model);
        const alt = model.metadata[options.mimeType]?.alt;
        if (alt) renderer.node.querySelector("img").alt = alt;
      };
      return renderer;
    },
  };
}

function plugin(IRenderMimeRegistry) {
  return {
    id: "nnutils-alt-text:plugin",
    autoStart: true,
    requires: [IRenderMimeRegistry],
    activate: (app, registry) => registry.addFactory(withAltText(registry.getFactory(IMAGE))),
  };
}

// JupyterLab calls `init` with the packages that it shares, each by version, then `get`.
let shared;
(window._JUPYTERLAB ??= {})["nnutils-alt-text"] = {
  init(packages) {
    shared = packages;
  },
  async get() {
    const [newest] = Object.values(shared["@jupyterlab/rendermime"]);
    const { IRenderMimeRegistry } = (await newest.get())();
    return () => ({ __esModule: true, default: plugin(IRenderMimeRegistry) });
  },
};
