// The page: what a person rates, the recommendations from it, and the selection on the map.

import {fromFragment, loadStored, readFilms, store, toFragment, writeFilms} from "./films.js";
import {between, clamp, closeUp, fit, fly, flyHome, get, redraw, scene, showTip, startMap} from "./map.js";
import {deviation, explain, inputOf, openModel, recommend} from "./recommend.js";
import {find, openSearch, search} from "./search.js";

const LIKED = 4.5; // stars of a film that somebody loves, as --like in the terminal
const STARTERS = 12;
const PAGE = 10; // recommendations at a time, of which the first are numbered on the map, and suggestions
const MAX_ROWS = 60; // of the films that were rated, the latest
const TOAST = 10_000; // milliseconds
const FILTERS = ["genre", "from", "to", "adventurous"];

const number = new Intl.NumberFormat("en");
const query = get("query");

// ---- the data: columns become objects with references to each other, the most rated movies first
const data = JSON.parse(get("data").textContent);
const clusters = Object.entries(data.clusters).map(([id, name]) => ({
  id: Number(id),
  label: `${id}. ${name}`,
  colour: data.colours[id % data.colours.length],
  members: [],
}));
const columns = Object.entries(data.movies);
const movies = data.movies.id.map((_, row) => {
  const movie = Object.fromEntries(columns.map(([name, values]) => [name, values[row]]));
  const texts = {dated: movie.year === null ? movie.title : `${movie.title} (${movie.year})`};
  for (const list of ["genres", "also"]) texts[list] = movie[list].split("|").filter(Boolean);
  return {...movie, ...texts, row, cluster: clusters.find(({id}) => id === movie.cluster) ?? null, near: []};
});
const onMap = movies.filter((movie) => movie.x !== null);
onMap.forEach((movie, i) => {
  movie.near = data.near[i].map((row) => movies[row]);
  movie.cluster.members.push(movie);
});
const model = openModel(data.model, data.movies);
const isDislike = (stars) => stars !== null && inputOf(model, stars) < 0;
const DISLIKED = [3, 2.5, 2, 1.5, 1].find(isDislike) ?? 0.5; // stars of a film that is not for somebody
const index = openSearch(movies);
const byId = new Map(movies.map((movie) => [movie.id, movie]));

// ---- elements
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null)); // strings are added as text, not as markup
  return element;
}

const button = (properties, ...children) => make("button", {type: "button", ...properties}, ...children);
const soft = (text) => make("p", {className: "soft"}, text);
const small = (text) => make("small", {}, ` ${text}`);
const listed = new Intl.ListFormat("en");

function swatch({colour, shape}, mark = make("span", {})) {
  const corners = shape?.map(([x, y]) => `${50 + 45 * x}% ${50 + 45 * y}%`);
  Object.assign(mark.style, {background: colour, clipPath: corners ? `polygon(${corners})` : "circle(50%)"});
  mark.className = "swatch";
  return mark;
}

/** Shows other rows in a list; what has the focus keeps it, or passes it to the row in its place. */
function refill(element, rows) {
  const focused = document.activeElement;
  const at = [...element.children].findIndex((each) => each.contains(focused));
  element.replaceChildren(...rows);
  if (at < 0) return;
  const row = element.children[Math.min(at, rows.length - 1)];
  const next = focused.isConnected ? focused : row?.querySelector(`.${focused.className || "name"}`);
  next?.focus({preventScroll: true});
}

const say = (text) => get("status").replaceChildren(text);
const select = (movie) => choose({movie}, {travel: true, focus: true});

function nameButton(movie) {
  const year = movie.year === null ? null : small(movie.year);
  const text = make("span", {className: "clamp"}, movie.title, year);
  return button({className: "name", onclick: () => select(movie)}, text);
}

/** A button with a film of a list. */
function rowButton(movie, mark = movie.cluster ? swatch(movie.cluster) : make("span", {})) {
  const texts = [movie.title, String(movie.year ?? "")].map((text) => make("span", {}, text));
  return button({className: "row", onclick: () => select(movie)}, mark, ...texts);
}

/** Links to the movie elsewhere. */
function links({title, imdb, tmdb}) {
  const known = [
    imdb && ["IMDb", `https://www.imdb.com/title/tt${String(imdb).padStart(7, "0")}/`],
    tmdb && ["TMDB", `https://www.themoviedb.org/movie/${tmdb}`],
  ];
  const to = ([name, href]) =>
    make("a", {href, target: "_blank", rel: "noopener", ariaLabel: `${title} on ${name}`}, name);
  return make("p", {className: "soft links"}, ...known.filter(Boolean).map(to));
}

// ---- stars: a slider, so that arrow keys, clicks and drags change them by half stars; 0 removes the rating
function starSlider(movie) {
  const ariaLabel = `Your stars for ${movie.dated}`;
  const input = make("input", {type: "range", min: 0, max: 5, step: 0.5, movie, ariaLabel});
  const stars = make("span", {className: "stars"}, input);
  const at = (event) => {
    const {left, width} = stars.getBoundingClientRect();
    return clamp(Math.ceil(((event.clientX - left) / width) * 10) / 2, 0.5, 5); // the half star under the pointer
  };
  input.oninput = () => rate(movie, Number(input.value), movie);
  input.onmousedown = (event) => {
    event.preventDefault(); // the slider's own value would be the nearest half star
    input.focus({focusVisible: false});
  };
  input.onpointerdown = () => Object.assign(input, {before: ratings.get(movie)?.stars ?? 0});
  input.onclick = (event) => {
    if (event.detail) rate(movie, at(event) === input.before ? 0 : at(event)); // not by a key
  };
  showStars(input);
  return stars;
}

function showStars(input) {
  const stars = ratings.get(input.movie)?.stars ?? 0;
  input.value = stars;
  input.ariaValueText = stars ? `${stars} of 5 stars` : "not rated";
  input.parentElement.style.setProperty("--filled", stars);
}

const removeButton = (movie) =>
  button({className: "icon", ariaLabel: `Take back: ${movie.title}`, onclick: () => remove(movie)}, "×");

// ---- ratings: by movie, {stars}
const ratings = new Map();
const past = []; // what each change has replaced, the last change last
let unknown = []; // what is stored of films that this page does not have
let kept = true; // whether the browser stores the ratings

/** Takes over what is stored, by another tab too. */
function read() {
  const rows = kept ? loadStored("films") : null;
  if (!Array.isArray(rows)) return;
  ratings.clear();
  unknown = [];
  for (const stored of rows.filter(Array.isArray)) {
    const [id, stars] = stored;
    const movie = byId.get(String(id));
    if (!movie) unknown.push(stored);
    else if (stars === null || (stars >= 0.5 && stars <= 5)) ratings.set(movie, {stars});
  }
}

const rowsOf = () => [...ratings].map(([{id}, {stars}]) => [id, stars]);

function save() {
  kept = store("films", [...rowsOf(), ...unknown]);
  update();
}

/** Edits the ratings; changes one after the other with the same `merge` are undone together. */
function change(edit, merge = null) {
  read();
  const before = new Map(ratings);
  edit();
  const changed = [...new Set([...before.keys(), ...ratings.keys()])];
  const replaced = changed.map((movie) => [movie, before.get(movie)]);
  if (!merge || past.at(-1)?.merge !== merge)
    past.push({merge, replaced: replaced.filter(([movie, rating]) => ratings.get(movie) !== rating)});
  save();
}

const give = (movie, rating) => (rating ? ratings.set(movie, rating) : ratings.delete(movie));

function undo() {
  const last = past.pop();
  if (!last) return;
  read();
  for (const [movie, rating] of last.replaced) give(movie, rating);
  save();
  get("toast").hidden = true;
  say("Undone");
}

function rate(movie, stars, merge = null) {
  if (stars === (ratings.get(movie)?.stars ?? 0)) return;
  if (!stars && !merge) return remove(movie);
  change(() => give(movie, stars && {stars}), merge);
  say(stars ? `${movie.title}: ${stars} stars` : `${movie.title}: not rated`);
}

function remove(movie) {
  change(() => ratings.delete(movie));
  toast(`${movie.title} is taken back.`);
}

function judge(movie, stars, text) {
  change(() => ratings.set(movie, {stars}));
  toast(text, isDislike(stars) ? null : movie);
}

/** Shows what follows from the ratings. */
function update() {
  read();
  for (const input of document.querySelectorAll(".stars input")) showStars(input);
  for (const {firstChild: tile} of get("starters").children) tile.ariaPressed = String(ratings.has(tile.movie));
  showRecommendations();
  showYours();
  showStrip();
  if (scene.chosen.movie) showPrediction(scene.chosen.movie);
}

// ---- what has just happened, with its stars and a way back
let timer = 0;

function toast(text, movie = null, undoable = true) {
  get("toast-text").textContent = text;
  get("toast-stars").replaceChildren(...(movie ? [starSlider(movie)] : []));
  get("undo").hidden = !undoable;
  get("toast").hidden = false;
  clearTimeout(timer);
  timer = setTimeout(hideToast, TOAST);
  say(text);
}

function hideToast() {
  get("toast").hidden = !get("toast").matches(":hover, :focus-within");
  if (!get("toast").hidden) timer = setTimeout(hideToast, TOAST);
}

// ---- films to start from, and what was rated
const starters = [...new Set([...data.starters.map((place) => movies[place]), ...movies])];
let shownStarters = 0;

function showStarters() {
  const left = starters.filter((movie) => !ratings.has(movie));
  if (shownStarters >= left.length) shownStarters = 0;
  const shown = left.slice(shownStarters, shownStarters + STARTERS).sort((a, b) => a.year - b.year);
  get("starters").replaceChildren(...shown.map((movie) => make("li", {}, tileOf(movie))));
  shownStarters += STARTERS;
}

function tileOf(movie) {
  const onclick = () => (ratings.has(movie) ? remove(movie) : love(movie));
  const title = make("span", {className: "clamp"}, movie.title);
  return button({className: "tile", ariaPressed: "false", movie, onclick}, title, small(movie.year ?? ""));
}

const love = (movie) => judge(movie, LIKED, `${movie.title}:`);

function showYours() {
  const rated = [...ratings].filter(([, {stars}]) => stars !== null);
  const seen = ratings.size - rated.length;
  get("ask").textContent =
    ["Name three films that you love", "Name two more", "Name one more"][ratings.size] ?? "Rate more films";
  get("yours-title").textContent =
    `Your films: ${number.format(rated.length)} rated${seen ? `, ${number.format(seen)} more seen` : ""}`;
  const isLow = rated.length && rated.every(([, {stars}]) => isDislike(stars));
  const notes = [
    kept ? "They are kept in this browser only." : "This browser does not let the page keep them: export them.",
    ratings.size > MAX_ROWS && `The latest ${MAX_ROWS} are listed.`,
    isLow && "So far all are low: that says what to avoid. Add one that you like.",
  ];
  get("yours-note").textContent = notes.filter(Boolean).join(" ");
  for (const id of ["yours-title", "yours-note", "export", "share", "clear"]) get(id).hidden = !ratings.size;
  const rows = new Map([...get("yours").children].map((each) => [each.movie, each])); // kept, so that the focus stays
  const latest = [...ratings.keys()].reverse().slice(0, MAX_ROWS);
  const yourRow = (movie) => make("li", {movie}, nameButton(movie), starSlider(movie), removeButton(movie));
  const shown = latest.map((movie) => rows.get(movie) ?? yourRow(movie));
  refill(get("yours"), shown);
}

/** What was rated in one line, and a way from the films to rate to those to watch. */
function showStrip() {
  const chip = ([movie, {stars}]) => {
    const given = small(stars === null ? "seen" : `★ ${stars}`);
    const name = button({className: "chip", onclick: () => select(movie)}, movie.title, given);
    return make("li", {}, name, removeButton(movie));
  };
  refill(get("chips"), [...ratings].reverse().slice(0, MAX_ROWS).map(chip));
  get("strip").hidden = !ratings.size;
  get("next").hidden = !ratings.size;
  const names = scene.recommended.slice(0, 3).map(({title}) => title);
  get("teaser").textContent = names.length ? `You may like ${listed.format(names)}.` : "";
  const many = ratings.size ? ` (${number.format(ratings.size)})` : "";
  document.querySelector('[data-to="rate"]').textContent = `Rate${many}`;
}

// ---- lists of films from elsewhere
function note(...content) {
  get("import-note").replaceChildren(...content);
  return get("import-note").textContent;
}

function importText(text) {
  try {
    const films = readFilms(text);
    for (const film of films) film.movie = find(index, film.title, film.year);
    const missing = films.filter(({movie}) => !movie).map(({title}) => title);
    const examples = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", …" : "");
    const lost = missing.length ? ` Unknown or ambiguous: ${examples}.` : "";
    const known = films.filter(({movie, stars}) => movie && (stars !== null || !ratings.has(movie)));
    addFilms(known, note(`${films.length - missing.length} of ${films.length} films were found.${lost}`));
  } catch (error) {
    toast(note(error.message), null, false);
  }
}

function addFilms(films, text) {
  change(() => {
    for (const {movie, stars} of films) ratings.set(movie, {stars});
  });
  toast(text, null, films.length > 0);
}

/** Adds the films of a link; those that are rated already keep their stars. */
function addShared(rows) {
  history.replaceState(null, "", location.href.split("#")[0]);
  const films = rows.map(([id, stars]) => ({movie: byId.get(id), stars}));
  const added = films.filter(({movie, stars}) => movie && !ratings.has(movie) && (stars === null || stars <= 5));
  addFilms(added, `Added from this link: ${added.length} ${added.length === 1 ? "film" : "films"}.`);
}

function exportFile() {
  const films = [...ratings].map(([movie, {stars}]) => ({title: movie.title, year: movie.year, stars}));
  const file = new Blob([writeFilms(films)], {type: "text/csv"});
  const link = make("a", {download: "my-films.csv", href: URL.createObjectURL(file)});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function share() {
  const href = location.href.split("#")[0] + toFragment(rowsOf());
  const link = make("a", {href}, "the page with your films");
  try {
    await navigator.clipboard.writeText(href);
    say(note("The link is copied: ", link));
  } catch {
    say(note("Copy this link: ", link));
  }
}

// ---- recommendations
let count = PAGE;
let person = null;

function passes(movie) {
  const [genre, from, to] = FILTERS.map((id) => get(id).value);
  if (genre && !movie.genres.includes(genre)) return false;
  if (!from && !to) return true;
  return movie.year !== null && movie.year >= Number(from || 0) && movie.year <= Number(to || 9999);
}

function recommendedTo(given, options) {
  const answer = recommend(model, given, {...options, groupOf: (place) => movies[place].cluster?.id ?? -1 - place});
  return {...answer, movies: answer.movies.map((place) => movies[place])};
}

function showRecommendations() {
  const given = [...ratings].map(([movie, rating]) => ({movie: movie.row, ...rating}));
  const answer = recommendedTo(given, {
    count,
    adventurous: Number(get("adventurous").value),
    passes: (place) => passes(movies[place]),
  });
  person = answer.person;
  refill(get("recommendations"), answer.movies.map(recommendation));
  const numbered = answer.movies.slice(0, PAGE);
  get("marked").replaceChildren(...numbered.map(markedRow));
  get("basis").textContent = basis(numbered);
  get("more").hidden = answer.movies.length < count;
  const recommended = ratings.size ? numbered : [];
  const liked = [...ratings].filter(([, {stars}]) => stars > 3).map(([movie]) => movie);
  const you = middleOf([...liked, ...recommended].filter((movie) => movie.x !== null));
  Object.assign(scene, {recommended, rated: new Set(ratings.keys()), you: ratings.size ? you : null});
  redraw();
}

function basis(shown) {
  if (!shown.length) return "No film passes these filters; change one of them.";
  if (!ratings.size) return "Nothing rated yet: these are films that most people watch and like.";
  const spread = shown.reduce((total, movie) => total + deviation(model, person, movie.row), 0) / shown.length;
  const error = spread ? `, give or take ${spread.toFixed(1)}` : "";
  return `Sorted by how likely you are to watch and like them; ★ is the rating to expect from you${error}.`;
}

/** The point that is nearest to the others. */
function middleOf(points) {
  const away = (at) => points.reduce((total, {x, y}) => total + Math.hypot(x - at.x, y - at.y), 0);
  const [nearest] = points.map((at) => [away(at), at]).sort(([one], [other]) => one - other);
  return nearest ? {x: nearest[1].x, y: nearest[1].y} : null;
}

function predicted(movie, ...more) {
  const stars = clamp(person.stars[movie.row], 0.5, 5).toFixed(1);
  return make("span", {className: "predicted"}, stars, ...more);
}

/** The two liked films that add most to the place of a movie in the list. */
function because(movie, before = "") {
  const named = explain(model, person.ratings, movie.row).slice(0, 2);
  const titles = listed.format(named.map((rating) => movies[rating.movie].title));
  return named.length ? make("span", {className: "soft reasons"}, `${before}because you liked ${titles}`) : "";
}

function recommendation(movie, i) {
  const genres = movie.genres.join(", ");
  return make(
    "li",
    {movie},
    numeral(i),
    nameButton(movie),
    predicted(movie),
    make("p", {className: "soft why"}, genres, because(movie, genres ? " · " : "")),
    make("span", {className: "acts"}, ...acts(movie)),
  );
}

function acts(movie) {
  const {title} = movie;
  const seen = () => judge(movie, null, `${title}: seen. How was it?`);
  const dislike = () => judge(movie, DISLIKED, `${title} is not for you: it counts as ${DISLIKED} stars.`);
  return [
    button({className: "seen", ariaLabel: `Seen it: ${title}`, onclick: seen}, "Seen it"),
    button({className: "dislike", ariaLabel: `Not for me: ${title}`, onclick: dislike}, "Not for me"),
  ];
}

const numeral = (i) => make("span", {className: "number"}, String(i + 1));
const markedRow = (movie, i) => make("li", {movie}, rowButton(movie, numeral(i)));

// ---- the selection: a movie, a cluster or nothing; stored in the URL's fragment
const hashOf = ({movie, cluster}) => (movie ? `#movie=${movie.id}` : cluster ? `#cluster=${cluster.id}` : "");

/** The element that says what is selected; null for nothing. */
const headingOf = ({movie, cluster}) =>
  movie ? get("detail").querySelector("h2") : cluster ? get(`cluster-${cluster.id}`).firstChild : null;

function choose(next, {travel = false, focus = false, remember = true} = {}) {
  const before = scene.chosen;
  const lost = get("side").contains(document.activeElement);
  scene.chosen = next;
  const [address, hash] = [location.href.split("#")[0], hashOf(next)];
  const steps = (history.state?.steps ?? 0) + 1;
  if (remember && hash !== location.hash) history.pushState({steps}, "", address + hash);
  if (next.cluster) show("map");
  showTip(null);
  showDetail(next.movie);
  showCluster(next.cluster);
  if (travel) travelTo(next);
  if (focus) headingOf(next).focus({preventScroll: true});
  else if (lost && !headingOf(next)) originOf(before)?.focus({preventScroll: true});
  say(`Selected: ${next.movie?.dated ?? next.cluster?.label ?? "nothing"}`);
  redraw();
}

function travelTo({movie, cluster}) {
  if (movie && movie.x !== null) fly(closeUp(movie));
  if (cluster) flyHome();
}

/** What to focus when a selected movie is closed: its name in the view that is shown, or the map. */
function originOf({movie}) {
  const rows = [...document.querySelectorAll(`#${document.body.dataset.view} li`)];
  return rows.find((each) => each.movie === movie)?.querySelector(".name") ?? get("canvas");
}

function chooseFromAddress() {
  if (location.hash === "#main") return; // the link at the top
  const shared = fromFragment(location.hash);
  if (shared.length) return addShared(shared);
  const [, kind, id] = location.hash.match(/^#(movie|cluster)=(\d+)$/) ?? [];
  const item = kind === "movie" ? byId.get(id) : clusters.find((each) => String(each.id) === id);
  const before = hashOf(scene.chosen);
  if (item || before) choose(item ? {[kind]: item} : {}, {travel: true, remember: false});
  if (before && !item) flyHome();
}

/** Goes back to what was selected before, or to nothing. */
function goBack() {
  showTip(null);
  if (!hashOf(scene.chosen)) return;
  if (history.state?.steps) return history.back();
  choose({});
  flyHome();
}

function showCluster(cluster) {
  if (cluster) get("key").open = true;
  for (const each of clusters) get(`cluster-${each.id}`).open = each === cluster;
  if (cluster) get(`cluster-${cluster.id}`).scrollIntoView({block: "nearest"});
}

function showDetail(movie) {
  get("detail").hidden = !movie;
  if (!movie) return;
  const {cluster, near} = movie;
  const close = button({className: "icon", ariaLabel: "Close", onclick: () => choose({})}, "×");
  const onclick = () => choose({cluster}, {focus: true});
  const cells = cluster ? [swatch(cluster), make("span", {}, cluster.label)] : [];
  get("detail").replaceChildren(
    make("div", {className: "top"}, make("h2", {tabIndex: -1}, movie.dated), close),
    soft(movie.genres.join(", ")),
    soft(ratingsOf(movie)),
    make("p", {id: "prediction"}),
    make("div", {className: "yours"}, starSlider(movie), make("span", {id: "marks", className: "acts"})),
    links(movie),
    movie.x === null
      ? soft("Too few ratings to be on the map.")
      : button({className: "plain to-map", onclick: toMap}, "Show on the map"),
    ...(cluster ? [button({className: "row", onclick}, ...cells)] : []),
    ...(near.length ? [make("h3", {}, "Nearest films")] : []),
    make("ol", {}, ...near.map((other) => make("li", {}, rowButton(other)))),
  );
  get("side").scrollTop = 0;
  showPrediction(movie);
}

function showPrediction(movie) {
  const isRated = ratings.has(movie);
  const spread = deviation(model, person, movie.row);
  const expected = predicted(movie, spread ? small(`± ${spread.toFixed(1)}`) : "");
  get("prediction").replaceChildren(...(isRated ? [] : [expected, " expected from you", because(movie, ", ")]));
  get("marks").replaceChildren(...(isRated ? [removeButton(movie)] : acts(movie)));
}

const ratingsOf = ({n, mean}) => `${number.format(n)} ${n === 1 ? "rating" : "ratings"}, mean ${mean.toFixed(2)} stars`;

// ---- the views of the page: films to rate, films to watch, the map
function show(name) {
  if (document.body.dataset.view === name) return;
  document.body.dataset.view = name;
  get(name === "rate" ? "ask-search" : "bar").append(query.parentElement);
  for (const tab of document.querySelectorAll("nav button")) tab.ariaCurrent = tab.dataset.to === name ? "true" : null;
  scrollTo(0, 0);
  fit();
  if (name === "map") travelTo(scene.chosen);
  const focused = document.activeElement;
  if (focused !== document.body && !focused.offsetParent) get("main").focus({preventScroll: true});
}

// ---- the search
let suggested = [];
let active = -1;

function suggest() {
  const text = query.value.trim();
  const answer = text ? search(index, text, PAGE) : {movies: [], note: ""};
  suggested = answer.movies;
  get("found").replaceChildren(...suggested.map(option));
  get("note").textContent = answer.note;
  get("note").hidden = !answer.note;
  get("found").hidden = !suggested.length;
  activate(-1);
  open(suggested.length > 0 || answer.note !== "");
  if (text) say(answer.note || `${suggested.length} films found`);
}

function option(movie, i) {
  const events = {onclick: () => take(movie), onpointerdown: (event) => event.preventDefault()};
  const item = make("li", {id: `found-${i}`, className: "row", role: "option", ...events});
  item.append(...rowButton(movie).childNodes);
  return item;
}

function activate(position) {
  active = position;
  for (const [i, each] of [...get("found").children].entries()) each.ariaSelected = String(i === position);
  if (position < 0) return query.removeAttribute("aria-activedescendant");
  query.setAttribute("aria-activedescendant", `found-${position}`);
  get("found").children[position].scrollIntoView({block: "nearest"});
}

function open(yes) {
  get("results").hidden = !yes;
  query.ariaExpanded = String(yes && suggested.length > 0);
}

/** A film that was searched is loved where films are rated, and selected elsewhere. */
function take(movie) {
  open(false);
  query.value = "";
  if (document.body.dataset.view !== "rate") return select(movie);
  if (ratings.has(movie)) toast(`${movie.title}:`, movie);
  else love(movie);
  get("toast").querySelector("input").focus();
}

function pressInSearch(event) {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const n = suggested.length;
  if (step && n && !get("results").hidden)
    activate((Math.max(active + step, active < 0 && step < 0 ? -2 : -1) + n) % n);
  else if (step) suggest();
  else if (event.key === "Enter" && n && !get("results").hidden) take(suggested[Math.max(active, 0)]);
  else if (event.key === "Escape" && query.value) {
    query.value = "";
    suggest();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

Object.assign(query, {oninput: suggest, onfocus: suggest, onblur: () => open(false), onkeydown: pressInSearch});

// ---- colours of the map
function recolour() {
  const by = get("colour").value;
  const values = Float64Array.from(onMap.map((movie) => movie[by]).filter(Number.isFinite)).sort();
  const [low, high] = [0.05, 0.95].map((part) => values[Math.floor(part * (values.length - 1))]);
  const shareOf = (movie) => ((movie[by] ?? low) - low) / (high - low || 1);
  scene.colourOf = values.length ? (movie) => between(shareOf(movie)) : (movie) => movie.cluster.colour;
  get("ramp").hidden = !values.length;
  const shown = (value) => (by === "mean" ? value.toFixed(1) : String(value));
  if (values.length) get("ramp").replaceChildren(shown(low), make("i", {}), shown(high));
  redraw();
}

// ---- events of the page
function press(event) {
  const isTyping = event.target === query;
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && !isTyping) undo();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") goBack();
  if (event.key !== "/" || isTyping) return;
  event.preventDefault();
  if (!query.offsetParent) show("rate");
  query.focus();
}

function toMap() {
  show("map");
  headingOf(scene.chosen).focus({preventScroll: true});
}

const hover = ({target}) => {
  const movie = target.closest("li")?.movie ?? null;
  showTip(movie?.x === null ? null : movie);
};

const actions = {
  file: ({target}) => Object.assign(target, {value: ""}), // so that the same file can be chosen again
  clear: () => {
    change(() => ratings.clear());
    toast("Your films are cleared.");
  },
  more: () => {
    count += PAGE;
    showRecommendations();
  },
  dismiss: () => Object.assign(get("toast"), {hidden: true}),
  undo,
  share,
  export: exportFile,
  others: showStarters,
};

function startEvents() {
  document.addEventListener("keydown", press);
  for (const kind of ["hashchange", "popstate"]) addEventListener(kind, chooseFromAddress);
  addEventListener("storage", update);
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    event.dataTransfer.files[0]?.text().then(importText);
  });
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text").trim();
    if (!text.includes("\n")) return; // not a list
    event.preventDefault();
    importText(text);
  });
  get("file").onchange = ({target}) => {
    target.files[0]?.text().then(importText);
    target.value = ""; // so that the same file can be chosen again
  };
  for (const tab of document.querySelectorAll("[data-to]")) tab.onclick = () => show(tab.dataset.to);
  for (const id of FILTERS) get(id).oninput = filter;
  for (const kind of ["pointerover", "focusin", "pointerleave"]) get("marked").addEventListener(kind, hover);
  for (const [id, action] of Object.entries(actions)) get(id).onclick = action;
  get("colour").oninput = recolour;
}

function filter() {
  count = PAGE;
  const values = FILTERS.map((id) => get(id).value);
  store("filters", values);
  showRecommendations();
}

// ---- the start
function addOptions() {
  const genres = [...new Set(movies.flatMap((movie) => movie.genres))].sort();
  get("genre").append(...genres.map((genre) => make("option", {}, genre)));
  const years = movies.map(({year}) => year).filter((year) => year !== null);
  const decades = [...new Set(years.map((year) => Math.floor(year / 10) * 10))].sort();
  for (const [id, later] of Object.entries({from: 0, to: 9}))
    get(id).append(...decades.map((year) => make("option", {}, String(year + later))));
  for (const [i, value] of (loadStored("filters") ?? []).entries()) {
    get(FILTERS[i]).value = value;
    if (get(FILTERS[i]).selectedIndex < 0) get(FILTERS[i]).value = ""; // what is stored is of other data
  }
}

function startLegend() {
  get("names").append(...clusters.map((cluster) => make("li", {}, swatch(cluster), cluster.label)));
  for (const cluster of clusters) {
    const summary = get(`cluster-${cluster.id}`).firstChild;
    swatch(cluster, summary.querySelector("span"));
    summary.addEventListener("click", (event) => {
      event.preventDefault(); // choose opens it
      choose(scene.chosen.cluster === cluster ? {} : {cluster});
    });
  }
}

Object.assign(scene, {movies: onMap, clusters, passes, choose, say});
scene.describe = (movie) => [
  make("strong", {}, movie.dated),
  soft(movie.genres.join(", ")),
  soft(ratingsOf(movie)),
  make("p", {}, swatch(movie.cluster), movie.cluster.label),
];
scene.hover = (movie) => {
  for (const each of get("marked").children) each.classList.toggle("lit", each.movie === movie);
};
const counts = [movies.length, data.n_movies, onMap.length].map((n) => number.format(n));
get("about").textContent +=
  ` ${counts[0]} of ${counts[1]} films of ${data.label} can be rated and recommended; ${counts[2]} are on the map.`;
addOptions();
startEvents();
get("ask-search").append(query.parentElement);
read();
if (/^#(movie|cluster)=/.test(location.hash)) show("map");
else if (ratings.size) show("watch");
startMap();
recolour();
startLegend();
showStarters();
update();
chooseFromAddress();
