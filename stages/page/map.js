// The map: a canvas that is moved and zoomed by pointers and keys. It shows `scene`, which explorer.js fills.

// Outlines of the markers as x, y in a square from -1 to 1: square, triangle, diamond, triangle upside down.
const SHAPES = [
  null, // a circle
  ..."-.9,-.9 .9,-.9 .9,.9 -.9,.9|0,-1 1,.9 -1,.9|0,-1.1 1.1,0 0,1.1 -1.1,0|0,1 1,-.9 -1,-.9"
    .split("|")
    .map((shape) => shape.split(" ").map((corner) => corner.split(",").map(Number))),
];
const ZOOM = {least: 0.7, most: 15, names: 1.2};
const REACH = {mouse: 7, pen: 10, touch: 18};
const FONTS = {title: "14px system-ui, sans-serif", strong: "600 14px system-ui, sans-serif"};
const LINE = 17; // pixels
const TOP = 60; // pixels above the names, for the buttons
const WIDE = 860; // pixels from which names stand beside the map, and else below it (explorer.css)
const MAX_BADGES = 40; // rated films with a star each; more are ringed
const NEIGHBOURHOOD = 0.06; // radius in which the films around a point are counted, as a share of the map

export const get = (id) => document.getElementById(id);
export const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const canvas = get("canvas");
const context = canvas.getContext("2d");
const tip = get("tip");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** What is shown: movies with {x, y, n, cluster, near}, the most rated first; chosen is {movie}, {cluster} or {}. */
export const scene = {movies: [], clusters: [], chosen: {}, recommended: [], rated: new Set(), you: null};

// ---- the view: the position at the centre of the canvas, and the zoom relative to the whole map
const extent = {left: 0, bottom: 0, width: 1, height: 1};
const home = {x: 0, y: 0, zoom: 1};
export const view = {...home};
const size = {width: 1, height: 1};
const isWide = () => size.width >= WIDE;
const sideWidth = () => (isWide() ? size.width * 0.17 : 0); // for names, on each side
const middle = () => ({x: size.width / 2, y: size.height / 2});

function scale() {
  return 0.94 * view.zoom * Math.min((size.width - 2 * sideWidth()) / extent.width, size.height / extent.height);
}

export function place(point) {
  const {x, y} = middle();
  return {x: x + (point.x - view.x) * scale(), y: y - (point.y - view.y) * scale()};
}

function pan(dx, dy) {
  view.x = clamp(view.x - dx / scale(), extent.left, extent.left + extent.width);
  view.y = clamp(view.y + dy / scale(), extent.bottom, extent.bottom + extent.height);
  redraw();
}

/** Zooms so that what is under `at` stays there. */
function zoom(factor, at = middle()) {
  const centre = middle();
  const [dx, dy] = [at.x - centre.x, at.y - centre.y];
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
  const advance = (now) => {
    if (mine !== flight) return; // another movement has started
    const time = calm.matches ? 1 : clamp((now - began) / 450, 0, 1);
    const part = time * time * (3 - 2 * time);
    for (const axis of ["x", "y"]) view[axis] = start[axis] + part * (target[axis] - start[axis]);
    view.zoom = start.zoom * (target.zoom / start.zoom) ** part;
    redraw();
    if (time < 1) requestAnimationFrame(advance);
  };
  advance(began);
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
  for (const name of ["paper", "ink", "soft", "accent", "low", "high"])
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
  if (chosen) drawLines(chosen.near.map((movie) => [place(chosen), place(movie)]));
  for (const movie of raised) drawDot(movie, 1, theme.ink);
  if (hovered) drawDot(hovered, 1, theme.ink);
  if (canvas.matches(":focus-visible")) drawBadge({...middle(), r: 5, text: "", colour: theme.ink}); // where Enter selects
  drawMarks();
  dots = scene.movies.filter(scene.passes).map((movie) => ({...place(movie), r: radius(movie)}));
  dots = dots.filter((spot) => isVisible(spot, 0));
  if (isWide() && view.zoom < ZOOM.names && !chosen) drawNames();
  if (chosen) drawTitles([chosen], FONTS.strong, Infinity);
  drawTitles(raised, FONTS.strong, 1);
  drawTitles(best(), FONTS.title, 0);
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
  Object.assign(context, {fillStyle: scene.colourOf(movie), strokeStyle: theme.paper, lineWidth: 0.5});
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

function drawLines(lines, colour = theme.soft) {
  context.beginPath();
  for (const [from, ...others] of lines) {
    context.moveTo(from.x, from.y);
    for (const {x, y} of others) context.lineTo(x, y);
  }
  Object.assign(context, {strokeStyle: colour, lineWidth: 1, globalAlpha: 0.7});
  context.stroke();
  context.globalAlpha = 1;
}

/** You, the recommended movies with their numbers, and stars on those that you have rated. */
function drawMarks() {
  const rated = [...scene.rated].filter((movie) => movie.x !== null);
  const many = rated.length > MAX_BADGES;
  if (many) for (const movie of rated) drawDot(movie, 1, theme.accent);
  const numbered = scene.recommended.map((movie, i) => ({movie, text: String(i + 1), colour: theme.accent}));
  const marks = [
    ...(scene.you ? [{movie: scene.you, text: "you", colour: theme.ink, r: 17}] : []),
    ...numbered.filter(({movie}) => movie.x !== null),
    ...(many ? [] : rated.map((movie) => ({movie, text: "★", colour: theme.ink}))),
  ];
  const placed = [];
  for (const mark of marks) {
    const badge = {r: 10, ...mark, ...place(mark.movie)};
    if (isVisible(badge, badge.r)) placed.push({...badge, ...freePlace(badge, placed), from: badge});
  }
  const lines = placed.map((badge) => [badge.from, badge]);
  drawLines(lines, theme.ink);
  for (const badge of placed.reverse()) drawBadge(badge);
}

/** The nearest place, along a spiral, where a badge covers none of the others. */
function freePlace({x, y, r}, others) {
  for (let i = 0; ; i++) {
    const [away, angle] = [5 * Math.sqrt(i), 2.4 * i];
    const spot = {x: x + away * Math.cos(angle), y: y + away * Math.sin(angle)};
    if (others.every((other) => distance(other, spot) >= other.r + r + 2)) return spot;
  }
}

function drawBadge({movie, x, y, r, text, colour}) {
  trace(null, {x, y}, r);
  Object.assign(context, {fillStyle: colour, strokeStyle: theme.paper, lineWidth: 1.5});
  context.fill();
  context.stroke();
  Object.assign(context, {font: FONTS.strong, fillStyle: theme.paper, textAlign: "center", textBaseline: "middle"});
  context.fillText(text, x, y + 0.5);
  context.textAlign = "left";
  boxes.push({left: x - r, top: y - r, width: 2 * r, height: 2 * r, badge: movie}); // texts avoid it
}

// ---- texts: each where it covers no other text, and no dots
let dots = []; // on the canvas, with their radii

function countDots({left, top, width, height}) {
  const isUnder = ({x, y, r}) => x + r > left && x - r < left + width && y + r > top && y - r < top + height;
  return dots.filter(isUnder).length;
}

/** The movies whose titles may be drawn; more of them at a higher zoom. */
function best() {
  const many = Math.ceil(((size.width * size.height) / 16000) * Math.max(1, view.zoom) ** 2);
  const {cluster} = scene.chosen;
  const passing = scene.movies.filter((movie) => scene.passes(movie) && (!cluster || movie.cluster === cluster));
  return [...scene.recommended.filter((movie) => movie.x !== null && !scene.chosen.movie), ...passing].slice(0, many);
}

/** Draws each title on the side of its dot where it covers the fewest dots, and at most `most` of them. */
function drawTitles(wanted, font, most) {
  context.font = font;
  for (const movie of wanted) {
    const badge = boxes.find((box) => box.badge === movie);
    const at = badge ? {x: badge.left + badge.width / 2, y: badge.top + badge.height / 2} : place(movie);
    const gap = (badge ? badge.width / 2 : radius(movie)) + 4;
    const width = measure(movie.title, font);
    if (!isVisible(at, 0) || boxes.some((box) => box.movie === movie)) continue;
    const sides = [
      [gap, -8],
      [-gap - width, -8],
      [-width / 2, gap - 1],
      [-width / 2, -gap - 14],
    ].map(([dx, dy]) => ({left: at.x + dx, top: at.y + dy, width, height: 16, movie}));
    const [side] = sides.filter(isFree).sort((one, other) => countDots(one) - countDots(other));
    if (side && countDots(side) <= most) write([movie.title], side);
  }
}

/** Whether a box is inside the canvas and overlaps no other text. */
function isFree({left, top, width, height}) {
  if (left < 2 || top < 2 || left + width > size.width - 2 || top + height > size.height - 2) return false;
  const covers = (o) =>
    left < o.left + o.width + 3 && o.left < left + width + 3 && top < o.top + o.height + 2 && o.top < top + height + 2;
  return !boxes.some(covers);
}

/** Draws the name of each cluster beside the map, with a line to where most of its movies are. */
function drawNames() {
  const wanted = scene.clusters.filter(({centre}) => centre).sort((a, b) => a.centre.x - b.centre.x);
  const half = Math.ceil(wanted.length / 2);
  context.font = FONTS.strong;
  drawSide(wanted.slice(0, half), 12, sideWidth() - 8);
  drawSide(wanted.slice(half), size.width - sideWidth() + 12, size.width - sideWidth() + 8);
}

/** Names one below the other, in the order of their clusters; the lines start at `edge`. */
function drawSide(wanted, left, edge) {
  const width = sideWidth() - 24;
  const step = Math.min(4.5 * LINE, (size.height - TOP) / wanted.length);
  let least = TOP;
  wanted.sort((a, b) => b.centre.y - a.centre.y);
  for (const [i, cluster] of wanted.entries()) {
    const to = place(cluster.centre);
    const top = clamp(to.y - LINE, least, size.height - (wanted.length - i) * step);
    least = top + step;
    const [dx, dy] = [to.x - edge, to.y - top - LINE / 2];
    const along = (share) => ({x: edge + share * dx, y: top + LINE / 2 + share * dy});
    drawLines([[along(0), along(1)]], theme.ink);
    for (let share = 0; share < 1; share += 0.05) {
      const {x, y} = along(share);
      boxes.push({left: x, top: y, width: 1, height: 1}); // texts avoid the line
    }
    const lines = wrap(cluster.label, width - 18).slice(0, Math.max(1, Math.floor(step / LINE)));
    write(lines, {left, top, width, height: LINE * lines.length, cluster}, 18);
    trace(cluster.shape, {x: left + 6, y: top + LINE / 2}, 6);
    context.fillStyle = cluster.colour;
    context.fill();
  }
}

/** Draws lines of text with an outline. */
function write(lines, box, indent = 0) {
  boxes.push(box);
  Object.assign(context, {textBaseline: "middle", lineJoin: "round", lineWidth: 3});
  Object.assign(context, {strokeStyle: theme.paper, fillStyle: theme.ink});
  for (const [i, line] of lines.entries()) {
    const at = [box.left + indent, box.top + ((i + 0.5) * box.height) / lines.length];
    context.strokeText(line, ...at);
    context.fillText(line, ...at);
  }
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
    if (lines.length && measure(longer, FONTS.strong) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

// ---- where a cluster is
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** Where most of the movies are: the one that has the most others around it. */
function centreOf(members) {
  const reach = NEIGHBOURHOOD * Math.max(extent.width, extent.height);
  const around = members.map((movie) => members.filter((other) => distance(movie, other) < reach).length);
  return members[around.indexOf(Math.max(...around))] ?? null;
}

// ---- the movie under the pointer
function nearest(at, reach) {
  const badge = boxes.find(
    ({badge: movie, left, top, width: d}) => movie?.near && distance({x: left + d / 2, y: top + d / 2}, at) < d / 2,
  );
  if (badge) return badge.badge;
  const near = scene.movies
    .map((movie) => ({movie, away: distance(place(movie), at)}))
    .filter(({movie, away}) => away <= Math.max(reach, radius(movie) + 2));
  return near.sort((one, other) => one.away - other.away)[0]?.movie ?? null;
}

export function showTip(movie) {
  if (movie === hovered) return;
  hovered = movie;
  scene.hover(movie);
  canvas.classList.toggle("over", movie !== null);
  tip.hidden = movie === null;
  if (movie) {
    tip.replaceChildren(...scene.describe(movie));
    const {x, y} = place(movie);
    const gap = radius(movie) + 8;
    const left = clamp(x - tip.offsetWidth / 2, 4, Math.max(4, size.width - tip.offsetWidth - 4));
    const above = y - gap - tip.offsetHeight;
    tip.style.transform = `translate(${left}px, ${canvas.offsetTop + (above > 4 ? above : y + gap)}px)`;
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

canvas.onpointermove = movePointer;
canvas.onpointerdown = (event) => {
  if (event.button) return;
  canvas.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, local(event));
  dragged = pointers.size > 1;
  flight++;
};
canvas.onpointerup = (event) => {
  if (!pointers.delete(event.pointerId) || dragged) return;
  const movie = nearest(local(event), REACH[event.pointerType] ?? REACH.mouse);
  scene.choose(movie ? {movie} : {});
  showTip(movie);
};
canvas.onpointercancel = (event) => pointers.delete(event.pointerId);
canvas.onpointerleave = (event) => event.pointerType === "touch" || showTip(null);
canvas.onwheel = (event) => {
  event.preventDefault();
  flight++;
  showTip(null);
  const pixels = event.deltaY * (event.deltaMode ? 20 : 1); // some mice count lines
  zoom(Math.exp(-clamp(pixels, -300, 300) * (event.ctrlKey ? 0.01 : 0.002)), local(event));
};

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

Object.assign(canvas, {onkeydown: pressKey, onfocus: redraw, onblur: redraw});
get("in").onclick = () => fly({...view, zoom: Math.min(view.zoom * 1.6, ZOOM.most)});
get("out").onclick = () => fly({...view, zoom: Math.max(view.zoom / 1.6, ZOOM.least)});
get("whole").onclick = flyHome;

// ---- the start
function range(axis) {
  const values = scene.movies.length ? scene.movies.map((movie) => movie[axis]) : [0];
  const least = Math.min(...values);
  return [least, Math.max(...values) - least || 1];
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
  [extent.left, extent.width] = range("x");
  [extent.bottom, extent.height] = range("y");
  Object.assign(home, {x: extent.left + extent.width / 2, y: extent.bottom + extent.height / 2});
  Object.assign(view, home);
  for (const movie of scene.movies) movie.radius = 1.8 + 5.5 * Math.sqrt(movie.n / Math.max(1, scene.movies[0].n));
  for (const cluster of scene.clusters) {
    cluster.shape = SHAPES[Math.floor(cluster.id / 10) % SHAPES.length];
    cluster.centre = centreOf(cluster.members);
  }
  fit();
  readTheme();
  new ResizeObserver(fit).observe(canvas);
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
    matchMedia(query).addEventListener("change", readTheme);
}
