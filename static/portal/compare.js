// Two trials' models side by side, whose cameras follow each other.

import { formatCount } from "../viewer/format.js";
import { carryView } from "../viewer/linked.js";
import { Pane } from "../viewer/pane.js";

const models = JSON.parse(document.getElementById("models").textContent);
const root = document.getElementById("linked");
const dataset = document.getElementById("linked-dataset");
const isLinked = document.getElementById("linked-on");

class Side {
  constructor(name) {
    this.name = name;
    this.figure = root.querySelector(`[data-side="${name}"]`);
    this.note = this.figure.querySelector(".linked__note");
    this.pane = new Pane(this.figure.querySelector("canvas"), () => follow(this));
  }

  async open(source) {
    this.note.textContent = source ? "Loading …" : "No model came out of these photos.";
    this.figure.querySelector("[data-part=facts]").textContent = source ? factsOf(source) : "";
    try {
      await this.pane.open(source);
      if (source) this.note.textContent = "";
    } catch (error) {
      if (error.name !== "AbortError") this.note.textContent = error.message;
    }
  }
}

function factsOf({ numPoints, numRegistered, numPhotos, seed }) {
  return `${numRegistered} of ${numPhotos} photos · ${formatCount(numPoints)} points · seed ${seed}`;
}

/** The other pane shows what this one shows. */
function follow(leader) {
  const follower = sides.find((side) => side !== leader);
  follower.pane.isLeading = false;
  const { model } = leader.pane;
  if (!isLinked.checked || !follower.pane.model) return;
  follower.pane.show(carryView(leader.pane.view, model.frame, follower.pane.model.frame));
}

async function open() {
  const chosen = models.find((model) => model.dataset === dataset.value);
  await Promise.all(sides.map((side) => side.open(chosen[side.name])));
  link();
}

/** B goes to where A looks. */
function link() {
  if (isLinked.checked && sides[0].pane.model) follow(sides[0]);
}

function start() {
  try {
    return ["a", "b"].map((name) => new Side(name));
  } catch (error) {
    if (error.name !== "NoWebGLError") throw error;
    for (const note of root.querySelectorAll(".linked__note")) {
      note.textContent = "This browser cannot draw in 3D (WebGL 2).";
    }
    return [];
  }
}

const sides = start();
if (sides.length > 0) {
  dataset.addEventListener("change", open);
  isLinked.addEventListener("change", link);
  document.getElementById("linked-home").addEventListener("click", () => {
    for (const { pane } of sides) pane.home();
    link();
  });
  open();
}

/** For tests and for the curious. */
window.scene3dCompare = () =>
  sides.map(({ pane }) => ({ numPoints: pane.model?.numPoints ?? 0, view: pane.view }));
