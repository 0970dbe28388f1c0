// The map: a canvas that is moved and zoomed by pointers and keys. It shows `scene`, which explorer.js fills.

// Outlines of the markers in a square from -1 to 1: circle, square, triangle, diamond, triangle upside down.
const SHAPES = [
  null,
  [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
  [
    [0, -1],
    [1, 0.9],
    [-1, 0.9],
  ],
  [
    [0, -1.1],
    [1.1, 0],
    [0, 1.1],
    [-1.1, 0],
  ],
  [
    [0, 1],
    [1, -0.9],
    [-1, -0.9],
  ],
];
const ZOOM = {least: 0.7, most: 60, names: 1.8};
const REACH = {mouse: 7, pen: 10, touch: 18};
const FONTS = {
  title: "12px system-ui, sans-serif",
  strong: "600 12px system-ui, sans-serif",
  name: "600 13px system-ui, sans-serif",
};
const MAX_BADGES = 40; // rated films with a star each; more are ringed
const NEIGHBOURHOOD = 0.06; // radius in which the films around a point are counted, as a share of the map
const SECOND_PART = {away: 0.3, share: 0.3}; // a cluster of two parts: their distance, and the smaller one's share

export const get = (id) => document.getElementById(id);
export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const canvas = get("canvas");
const context = canvas.getContext("2d");
const tip = get("tip");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What is shown: movies with {x, y, n, cluster, near}, the most rated first, and clusters. */
export const scene = {
  movies: [],
  clusters: [],
  chosen: {}, // {movie}, {cluster} or {}
  recommended: [],
  rated: new Set(),
  you: null, // a position
  passes: () => true,
  colourOf: (movie) => movie.cluster.colour,
  describe: () => [], // the elements of the tip
  choose: () => {},
  say: () => {},
};

// ---- the view: the position at the centre of the canvas, and the zoom relative to the whole map
const extent = {left: 0, bottom: 0, width: 1, height: 1};
const home = {x: 0, y: 0, zoom: 1};
export const view = {...home};
const size = {width: 1, height: 1};
const scale = () => 0.92 * view.zoom * Math.min(size.width / extent.width, size.height / extent.height);
const middle = () => ({x: size.width / 2, y: size.height / 2});

export function place(point) {
  return {x: size.width / 2 + (point.x - view.x) * scale(), y: size.height / 2 - (point.y - view.y) * scale()};
}

function pan(dx, dy) {
  view.x = clamp(view.x - dx / scale(), extent.left, extent.left + extent.width);
  view.y = clamp(view.y + dy / scale(), extent.bottom, extent.bottom + extent.height);
  redraw();
}

/** Zooms so that what is under `at` stays there. */
function zoom(factor, at = middle()) {
  const [dx, dy] = [at.x - size.width / 2, at.y - size.height / 2];
  const before = scale();
  view.zoom = clamp(view.zoom * factor, ZOOM.least, ZOOM.most);
  const grown = scale() / before;
  pan(dx - dx * grown, dy - dy * grown);
}

let flight = 0;
/** Animates the view to the target; jumps if reduced motion is preferred. */
export function fly(target) {
  const start = {...view};
  const began = performance.now();
  const mine = ++flight;
  showTip(null);
  const step = (now) => {
    if (mine !== flight) return; // another movement has started
    const time = calm.matches ? 1 : clamp((now - began) / 450, 0, 1);
    const part = time * time * (3 - 2 * time);
    for (const axis of ["x", "y"]) view[axis] = start[axis] + part * (target[axis] - start[axis]);
    view.zoom = start.zoom * (target.zoom / start.zoom) ** part;
    redraw();
    if (time < 1) requestAnimationFrame(step);
  };
  step(began);
}

export const flyHome = () => fly(home);

/** A view with the movie at the centre that frames all its neighbours. */
export function closeUp(movie) {
  const far = (other) => Math.hypot(other.x - movie.x, other.y - movie.y);
  const close = [...movie.near].sort((a, b) => far(a) - far(b)).slice(0, 5); // the others may be anywhere
  const reach = (axis) => Math.max(1e-3, ...close.map((other) => Math.abs(other[axis] - movie[axis])));
  const whole = scale() / view.zoom;
  const fits = (0.42 * Math.min(size.width / reach("x"), size.height / reach("y"))) / whole;
  return {x: movie.x, y: movie.y, zoom: clamp(fits, 1, 9)};
}

// ---- drawing
const theme = {};
const widths = new Map();
let waiting = false;
let hovered = null;
export let boxes = []; // of the texts on the map

export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "ink", "soft", "edge", "accent", "star", "low", "high"])
    theme[name] = style.getPropertyValue(`--${name}`).trim();
  redraw();
}

/** A colour between --low and --high; `share` is from 0 to 1. */
export function between(share) {
  const mix = [1, 3, 5].map((i) => {
    const [low, high] = [theme.low, theme.high].map((colour) => Number.parseInt(colour.slice(i, i + 2), 16));
    return Math.round(low + clamp(share, 0, 1) * (high - low));
  });
  return `rgb(${mix.join(" ")})`;
}

export function redraw() {
  if (!waiting) requestAnimationFrame(draw);
  waiting = true;
}

function draw() {
  waiting = false;
  const ratio = devicePixelRatio || 1;
  const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, size.width, size.height);
  boxes = [];
  const chosen = scene.chosen.movie?.x === null ? null : scene.chosen.movie;
  const raised = chosen ? [...chosen.near, chosen] : [];
  for (const movie of scene.movies) drawDot(movie, strength(movie));
  if (chosen) drawLinks(chosen);
  for (const movie of raised) drawDot(movie, 1, theme.ink);
  if (hovered) drawDot(hovered, 1, theme.ink);
  if (canvas.matches(":focus-visible")) drawCross();
  if (!chosen) drawMarks();
  if (chosen) drawTitles(raised.reverse(), FONTS.strong, theme.ink);
  if (view.zoom < ZOOM.names && !chosen) drawNames(scene.chosen.cluster ? [scene.chosen.cluster] : scene.clusters);
  drawTitles(best(), FONTS.title, chosen ? theme.soft : theme.ink);
}

/** The opacity of a dot. */
function strength(movie) {
  if (!scene.passes(movie)) return 0.08;
  if (scene.chosen.cluster) return movie.cluster === scene.chosen.cluster ? 1 : 0.1;
  return scene.chosen.movie ? 0.3 : 1;
}

const radius = (movie) =>
  movie.radius * clamp(Math.min(size.width, size.height) / 700, 0.65, 1.1) * Math.max(1, view.zoom) ** 0.35;
const isVisible = ({x, y}, margin) => x > -margin && y > -margin && x < size.width + margin && y < size.height + margin;

function drawDot(movie, alpha, ring = "") {
  const at = place(movie);
  const r = radius(movie);
  if (!isVisible(at, r)) return;
  context.globalAlpha = alpha;
  trace(movie.cluster.shape, at, r);
  Object.assign(context, {fillStyle: scene.colourOf(movie), strokeStyle: theme.edge, lineWidth: 0.5});
  context.fill();
  context.stroke();
  context.globalAlpha = 1;
  if (!ring) return;
  trace(null, at, r + 2.5);
  Object.assign(context, {strokeStyle: ring, lineWidth: movie === scene.chosen.movie ? 2.5 : 1.5});
  context.stroke();
}

function trace(shape, {x, y}, r) {
  context.beginPath();
  if (!shape) context.arc(x, y, r, 0, 2 * Math.PI);
  else for (const [dx, dy] of shape) context.lineTo(x + r * dx, y + r * dy);
  context.closePath();
}

function drawLinks(movie) {
  const from = place(movie);
  context.beginPath();
  for (const to of movie.near.map(place)) {
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
  }
  Object.assign(context, {strokeStyle: theme.soft, lineWidth: 1, globalAlpha: 0.7});
  context.stroke();
  context.globalAlpha = 1;
}

/** Marks the centre, where Enter selects. */
function drawCross() {
  const {x, y} = middle();
  context.beginPath();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ]) {
    context.moveTo(x + 6 * dx, y + 6 * dy);
    context.lineTo(x + 14 * dx, y + 14 * dy);
  }
  Object.assign(context, {strokeStyle: theme.ink, lineWidth: 1.5});
  context.stroke();
}

/** You, the recommended movies with their places, and stars on those that you have rated. */
function drawMarks() {
  for (const movie of scene.rated) {
    if (movie.x === null) continue;
    if (scene.rated.size > MAX_BADGES) drawDot(movie, 1, theme.star);
    else drawBadge(movie, "★", theme.star);
  }
  scene.recommended.forEach((movie, i) => {
    if (movie.x !== null) drawBadge(movie, String(i + 1), theme.accent);
  });
  if (scene.you) drawYou(place(scene.you));
}

function drawBadge(movie, text, colour) {
  const at = place(movie);
  const r = Math.max(8, radius(movie) + 1);
  if (!isVisible(at, r)) return;
  trace(null, at, r);
  Object.assign(context, {fillStyle: colour, strokeStyle: theme.paper, lineWidth: 1.5});
  context.fill();
  context.stroke();
  Object.assign(context, {font: FONTS.strong, fillStyle: theme.paper, textAlign: "center", textBaseline: "middle"});
  context.fillText(text, at.x, at.y + 0.5);
  context.textAlign = "left";
  boxes.push({left: at.x - r, top: at.y - r, width: 2 * r, height: 2 * r, badge: true}); // texts avoid it
}

function drawYou({x, y}) {
  trace(null, {x, y}, 15);
  Object.assign(context, {fillStyle: theme.paper, strokeStyle: theme.ink, lineWidth: 2.5});
  context.fill();
  context.stroke();
  Object.assign(context, {font: FONTS.strong, fillStyle: theme.ink, textAlign: "center", textBaseline: "middle"});
  context.fillText("you", x, y);
  context.textAlign = "left";
  boxes.push({left: x - 15, top: y - 15, width: 30, height: 30, badge: true});
}

/** The movies whose titles may be drawn; more of them at a higher zoom. */
function best() {
  const many = Math.ceil(((size.width * size.height) / 16000) * Math.max(1, view.zoom) ** 2);
  const {cluster} = scene.chosen;
  const passing = scene.movies.filter((movie) => scene.passes(movie) && (!cluster || movie.cluster === cluster));
  return [...scene.recommended.filter((movie) => movie.x !== null && !scene.chosen.movie), ...passing].slice(0, many);
}

/** Draws each title on the first side of its dot where it overlaps no other text, or not at all. */
function drawTitles(wanted, font, colour) {
  context.font = font;
  for (const movie of wanted) {
    const at = place(movie);
    const gap = Math.max(radius(movie), scene.recommended.includes(movie) ? 9 : 0) + 3;
    const width = measure(movie.title, font);
    if (!isVisible(at, 0) || boxes.some((box) => box.movie === movie)) continue;
    const sides = [
      [gap, -7],
      [-gap - width, -7],
      [-width / 2, gap - 1],
      [-width / 2, -gap - 13],
    ];
    for (const [dx, dy] of sides) {
      if (write([movie.title], {left: at.x + dx, top: at.y + dy, width, height: 14, movie}, colour)) break;
    }
  }
}

/** Draws numbers and names where most movies of a cluster are, moved up or down to avoid overlaps. */
function drawNames(wanted) {
  for (const cluster of wanted) {
    for (const centre of cluster.centres) drawName(cluster, place(centre));
  }
}

function drawName(cluster, at) {
  context.font = FONTS.name;
  const lines = wrap(cluster.label, Math.min(210, size.width * 0.45));
  const width = Math.max(...lines.map((line) => measure(line, FONTS.name))) + 16;
  const height = 16 * lines.length;
  const left = clamp(at.x - width / 2, 4, Math.max(4, size.width - width - 4));
  for (const shift of [0, -18, 18, -36, 36, -54, 54]) {
    const box = {left, top: at.y - height / 2 + shift, width, height, cluster};
    if (!write(lines, box, theme.ink, 16)) continue;
    trace(cluster.shape, {x: left + 5, y: box.top + 8}, 5);
    Object.assign(context, {fillStyle: cluster.colour, strokeStyle: theme.paper, lineWidth: 1.5});
    context.fill();
    context.stroke();
    break;
  }
}

/** Draws lines in the box, with an outline, if it is inside the canvas and overlaps no other text. */
function write(lines, box, colour, indent = 0) {
  const {left, top, width, height} = box;
  if (left < 2 || top < 2 || left + width > size.width - 2 || top + height > size.height - 2) return false;
  const covers = (o) =>
    left < o.left + o.width + 3 && o.left < left + width + 3 && top < o.top + o.height + 2 && o.top < top + height + 2;
  if (boxes.some(covers)) return false;
  boxes.push(box);
  Object.assign(context, {
    textBaseline: "middle",
    lineJoin: "round",
    lineWidth: indent ? 5 : 3,
    strokeStyle: theme.paper,
    fillStyle: colour,
  });
  for (const draws of ["strokeText", "fillText"]) {
    lines.forEach((line, i) => {
      context[draws](line, left + indent, top + ((i + 0.5) * height) / lines.length);
    });
  }
  return true;
}

function measure(text, font) {
  const key = font + text;
  if (!widths.has(key)) widths.set(key, context.measureText(text).width);
  return widths.get(key);
}

function wrap(text, width) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && measure(longer, FONTS.name) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// ---- where a cluster is
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** Where most of the movies are, and where a second part of them is, if there is one. */
function centresOf(members) {
  const span = Math.max(extent.width, extent.height);
  const densest = (some) =>
    some.reduce(
      (most, movie) => {
        const count = members.filter((other) => distance(movie, other) < NEIGHBOURHOOD * span).length;
        return count > most.count ? {movie, count} : most;
      },
      {movie: null, count: 0},
    ).movie;
  const first = densest(members);
  const second = densest(members.filter((movie) => distance(movie, first) > SECOND_PART.away * span));
  const nearer = second ? members.filter((movie) => distance(movie, second) < distance(movie, first)).length : 0;
  return nearer >= SECOND_PART.share * members.length ? [first, second] : [first];
}

// ---- the movie under the pointer
function nearest(at, reach) {
  let found = null;
  let least = Infinity;
  for (const movie of scene.movies) {
    const away = distance(place(movie), at);
    if (away < least && away <= Math.max(reach, radius(movie) + 2)) [found, least] = [movie, away];
  }
  return found;
}

export function showTip(movie) {
  if (movie === hovered) return;
  hovered = movie;
  canvas.classList.toggle("over", movie !== null);
  tip.hidden = movie === null;
  if (movie) {
    tip.replaceChildren(...scene.describe(movie));
    const {x, y} = place(movie);
    const gap = radius(movie) + 8;
    const left = clamp(x - tip.offsetWidth / 2, 4, Math.max(4, size.width - tip.offsetWidth - 4));
    const above = y - gap - tip.offsetHeight;
    tip.style.transform = `translate(${left}px, ${above > 4 ? above : y + gap}px)`;
  }
  redraw();
}

// ---- pointers: one drags or hovers, two pinch
const pointers = new Map();
let dragged = false;
const local = (event) => ({x: event.offsetX, y: event.offsetY});

function movePointer(event) {
  const at = local(event);
  const before = pointers.get(event.pointerId);
  if (!before) return showTip(nearest(at, REACH[event.pointerType] ?? REACH.mouse));
  if (!dragged && distance(at, before) < (event.pointerType === "touch" ? 10 : 4)) return; // tolerance for a click
  dragged = true;
  showTip(null);
  const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
  const share = other ? 0.5 : 1;
  pan(share * (at.x - before.x), share * (at.y - before.y));
  if (other)
    zoom(distance(at, other) / (distance(before, other) || 1), {x: (at.x + other.x) / 2, y: (at.y + other.y) / 2});
  pointers.set(event.pointerId, at);
}

canvas.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, local(event));
  dragged = pointers.size > 1;
  flight++;
});
canvas.addEventListener("pointermove", movePointer);
canvas.addEventListener("pointerup", (event) => {
  if (!pointers.delete(event.pointerId) || dragged) return;
  const movie = nearest(local(event), REACH[event.pointerType] ?? REACH.mouse);
  scene.choose(movie ? {movie} : {});
  showTip(movie);
});
canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
canvas.addEventListener("pointerleave", (event) => {
  if (event.pointerType !== "touch") showTip(null);
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    flight++;
    showTip(null);
    const pixels = event.deltaY * (event.deltaMode ? 20 : 1); // some mice count lines
    zoom(Math.exp(-clamp(pixels, -300, 300) * (event.ctrlKey ? 0.01 : 0.002)), local(event));
  },
  {passive: false},
);

// ---- keys and buttons
const KEYS = {
  ArrowLeft: () => pan(70, 0),
  ArrowRight: () => pan(-70, 0),
  ArrowUp: () => pan(0, 70),
  ArrowDown: () => pan(0, -70),
  "+": () => zoom(1.4),
  "=": () => zoom(1.4),
  "-": () => zoom(1 / 1.4),
  0: () => Object.assign(view, home),
};

/** Moves the map by a key, and shows the movie at its centre. */
function pressKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter") {
    const movie = nearest(middle(), Infinity);
    if (movie) scene.choose({movie});
  }
  if (!Object.hasOwn(KEYS, event.key)) return;
  event.preventDefault();
  flight++;
  KEYS[event.key]();
  showTip(null);
  showTip(nearest(middle(), 60));
  if (hovered) scene.say(hovered.dated);
  redraw();
}

canvas.addEventListener("keydown", pressKey);
for (const change of ["focus", "blur"]) canvas.addEventListener(change, redraw);
get("in").onclick = () => fly({...view, zoom: Math.min(view.zoom * 1.6, ZOOM.most)});
get("out").onclick = () => fly({...view, zoom: Math.max(view.zoom / 1.6, ZOOM.least)});
get("whole").onclick = flyHome;

// ---- the start
function range(axis, low, span) {
  const values = scene.movies.length ? scene.movies.map((movie) => movie[axis]) : [0];
  const least = Math.min(...values);
  return {[low]: least, [span]: Math.max(...values) - least || 1};
}

/** Adapts the drawing to the size of the canvas. */
export function fit() {
  const {width, height} = canvas.getBoundingClientRect();
  Object.assign(size, {width: Math.max(1, width), height: Math.max(1, height)});
  showTip(null);
  redraw();
}

/** Call once `scene` has movies and clusters. */
export function startMap() {
  Object.assign(extent, range("x", "left", "width"), range("y", "bottom", "height"));
  Object.assign(home, {x: extent.left + extent.width / 2, y: extent.bottom + extent.height / 2});
  Object.assign(view, home);
  for (const movie of scene.movies) movie.radius = 1.8 + 5.5 * Math.sqrt(movie.n / Math.max(1, scene.movies[0].n));
  for (const cluster of scene.clusters) {
    cluster.shape = SHAPES[Math.floor(cluster.id / 10) % SHAPES.length];
    cluster.centres = cluster.members.length ? centresOf(cluster.members) : [];
  }
  fit();
  readTheme();
  new ResizeObserver(fit).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTheme);
}
