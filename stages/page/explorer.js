// The page: what a person rates, the recommendations from it, and the selection on the map.

import {fromFragment, loadStored, readFilms, store, toFragment, writeFilms} from "./films.js";
import {between, clamp, closeUp, fit, fly, flyHome, get, redraw, scene, showTip, startMap} from "./map.js";
import {deviation, explain, inputOf, openModel, recommend} from "./recommend.js";
import {find, openSearch, search} from "./search.js";

const LIKED = 4.5; // stars of a film that somebody loves, as --like in the terminal
const SUGGESTIONS = 10;
const STARTERS = 12;
const PAGE = 10; // recommendations at a time; the first ones are numbered on the map
const MAX_ROWS = 60; // of the films that were rated
const MAX_CHIPS = 20;
const TOAST = 10_000; // milliseconds
const FILTERS = ["genre", "from", "to", "adventurous"];

const number = new Intl.NumberFormat("en");
const query = get("query");
const results = get("results");
const found = get("found");
const detail = get("detail");

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
const model = openModel(data.model, data.movies.n);
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

const button = (className, onclick, ...children) => make("button", {type: "button", className, onclick}, ...children);
const labelled = (ariaLabel, element) => Object.assign(element, {ariaLabel});
const list = new Intl.ListFormat("en");

function swatch(cluster, mark = make("span", {})) {
  mark.className = "swatch";
  mark.style.background = cluster.colour;
  if (cluster.shape)
    mark.style.clipPath = `polygon(${cluster.shape.map(([x, y]) => `${50 + 45 * x}% ${50 + 45 * y}%`)})`;
  else mark.style.borderRadius = "50%";
  return mark;
}

const say = (text) => {
  get("status").textContent = text;
};
const select = (movie) => choose({movie}, {travel: true, focus: true});
const small = (text) => make("small", {}, ` ${text}`);
const titleOf = (movie) =>
  make("span", {className: "clamp"}, movie.title, movie.year === null ? null : small(movie.year));
const nameButton = (movie) => button("name", () => select(movie), titleOf(movie));
const soft = (text) => make("p", {className: "soft"}, text);

/** A button with a film of a list. */
const row = (movie, onclick, mark = movie.cluster ? swatch(movie.cluster) : make("span", {})) =>
  button("row", onclick, mark, make("span", {}, movie.title), make("span", {}, String(movie.year ?? "")));

/** Links to the movie elsewhere, with a dot between them. */
function links(movie) {
  const to = (name, href) =>
    labelled(`${movie.title} on ${name}`, make("a", {href, target: "_blank", rel: "noopener"}, name));
  const known = [
    ...(movie.imdb ? [to("IMDb", `https://www.imdb.com/title/tt${String(movie.imdb).padStart(7, "0")}/`)] : []),
    ...(movie.tmdb ? [to("TMDB", `https://www.themoviedb.org/movie/${movie.tmdb}`)] : []),
  ];
  return make("p", {className: "soft links"}, ...known.flatMap((link, i) => (i ? [" · ", link] : [link])));
}

// ---- stars: a slider, so that arrow keys, clicks and drags change them by half stars; 0 removes the rating
function starSlider(movie) {
  const input = make("input", {type: "range", min: 0, max: 5, step: 0.5, movie});
  const stars = make("span", {className: "stars"}, labelled(`Your stars for ${movie.dated}`, input));
  let before = 0; // stars when the pointer came down
  const at = (event) => {
    const {left, width} = stars.getBoundingClientRect();
    return clamp(Math.ceil(((event.clientX - left) / width) * 10) / 2, 0.5, 5); // the half star under the pointer
  };
  input.addEventListener("input", () => rate(movie, Number(input.value), {merge: movie}));
  input.addEventListener("pointerdown", () => {
    before = ratings.get(movie)?.stars ?? 0;
  });
  input.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the slider's own value would be the nearest half star
    input.focus({focusVisible: false});
  });
  input.addEventListener("click", (event) => {
    if (event.detail) rate(movie, at(event) === before ? 0 : at(event)); // not by a key
  });
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
  labelled(
    `Take back: ${movie.title}`,
    button("icon", () => remove(movie), "×"),
  );

// ---- ratings: by movie, {stars, session}; as in a terminal, those given here share a session, imported ones do not
const HERE = 0;
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
    const [id, stars, session] = stored;
    const movie = byId.get(String(id));
    if (!movie) unknown.push(stored);
    else if (stars === null || (stars >= 0.5 && stars <= 5))
      ratings.set(movie, {stars, session: Number(session) || HERE});
  }
}

const rowsOf = () => [...ratings].map(([{id}, {stars, session}]) => [id, stars, session]);

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

function undo() {
  const last = past.pop();
  if (!last) return;
  read();
  for (const [movie, rating] of last.replaced) {
    if (rating) ratings.set(movie, rating);
    else ratings.delete(movie);
  }
  save();
  get("toast").hidden = true;
  say("Undone");
}

function rate(movie, stars, {merge = null} = {}) {
  if (stars === (ratings.get(movie)?.stars ?? 0)) return;
  if (!stars && !merge) return remove(movie);
  change(() => (stars ? ratings.set(movie, {stars, session: HERE}) : ratings.delete(movie)), merge);
  say(stars ? `${movie.title}: ${stars} stars` : `${movie.title}: not rated`);
}

function remove(movie) {
  change(() => ratings.delete(movie));
  toast(`${movie.title} is taken back.`);
}

function mark(movie, stars, text) {
  change(() => ratings.set(movie, {stars, session: HERE}));
  toast(text, isDislike(stars) ? null : movie);
}

/** Shows what follows from the ratings. */
function update() {
  const began = performance.now();
  for (const input of document.querySelectorAll(".stars input")) showStars(input);
  for (const tile of get("starters").children) showTile(tile.firstChild);
  showRecommendations();
  showYours();
  showStrip();
  if (scene.chosen.movie) showPrediction(scene.chosen.movie);
  performance.measure("update", {start: began});
}

// ---- what has just happened, with its stars and a way back
let timer = 0;

function toast(text, movie = null) {
  get("toast-text").textContent = text;
  get("toast-stars").replaceChildren(...(movie ? [starSlider(movie)] : []));
  get("toast").hidden = false;
  clearTimeout(timer);
  timer = setTimeout(hideToast, TOAST);
  say(text);
}

function hideToast() {
  if (get("toast").matches(":hover, :focus-within")) timer = setTimeout(hideToast, TOAST);
  else get("toast").hidden = true;
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
  const toggle = () => (ratings.has(movie) ? remove(movie) : love(movie));
  const tile = button("tile", toggle, make("span", {className: "clamp"}, movie.title), small(movie.year ?? ""));
  return showTile(Object.assign(tile, {movie}));
}

function showTile(tile) {
  tile.ariaPressed = String(ratings.has(tile.movie));
  return tile;
}

const love = (movie) => mark(movie, LIKED, `${movie.title}:`);

function showYours() {
  const rated = [...ratings].filter(([, {stars}]) => stars !== null);
  const seen = ratings.size - rated.length;
  get("ask").textContent =
    ["Name three films that you love", "Name two more", "Name one more"][ratings.size] ?? "Rate more films";
  get("yours-title").textContent =
    `Your films: ${number.format(rated.length)} rated${seen ? `, ${number.format(seen)} more seen` : ""}`;
  const notes = [
    kept ? "They are kept in this browser only." : "This browser does not let the page keep them: export them.",
    ratings.size > MAX_ROWS ? `The latest ${MAX_ROWS} are listed.` : "",
    rated.length && rated.every(([, {stars}]) => isDislike(stars))
      ? "So far all are low: that says what to avoid. Add one that you like."
      : "",
  ];
  get("yours-note").textContent = notes.filter(Boolean).join(" ");
  for (const id of ["yours-title", "yours-note", "export", "share", "clear"]) get(id).hidden = !ratings.size;
  const rows = new Map([...get("yours").children].map((each) => [each.movie, each])); // kept, so that the focus stays
  const listed = [...ratings.keys()].reverse().slice(0, MAX_ROWS);
  const yourRow = (movie) => make("li", {movie}, nameButton(movie), starSlider(movie), removeButton(movie));
  get("yours").replaceChildren(...listed.map((movie) => rows.get(movie) ?? yourRow(movie)));
}

/** What was rated in one line, and a way from the films to rate to those to watch. */
function showStrip() {
  const chip = ([movie, {stars}]) =>
    make(
      "li",
      {},
      button("chip", () => select(movie), movie.title, small(stars === null ? "seen" : `★ ${stars}`)),
      removeButton(movie),
    );
  get("chips").replaceChildren(...[...ratings].reverse().slice(0, MAX_CHIPS).map(chip));
  get("strip").hidden = !ratings.size;
  get("next").hidden = !ratings.size;
  const names = scene.recommended.slice(0, 3).map(({title}) => title);
  get("teaser").textContent = names.length ? `You may like ${list.format(names)}.` : "";
  document.querySelector('[data-to="rate"]').textContent = ratings.size
    ? `Rate (${number.format(ratings.size)})`
    : "Rate";
}

// ---- lists of films from elsewhere
function note(...content) {
  get("import-note").replaceChildren(...content);
  say(get("import-note").textContent);
}

function importText(text) {
  try {
    const films = readFilms(text).map((film, i) => ({
      ...film,
      session: i + 1,
      movie: find(index, film.title, film.year),
    }));
    const missing = films.filter(({movie}) => !movie).map(({title}) => title);
    const known = films.filter(({movie, stars}) => movie && (stars !== null || !ratings.has(movie)));
    const examples = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", …" : "");
    note(
      `${films.length - missing.length} of ${films.length} films were found.`,
      missing.length ? ` Unknown or ambiguous: ${examples}.` : "",
    );
    if (known.length) addFilms(known);
  } catch (error) {
    note(error.message);
  }
  toast(get("import-note").textContent);
}

function addFilms(films) {
  change(() => {
    for (const {movie, stars, session} of films) ratings.set(movie, {stars, session});
  });
}

/** Adds the films of a link; those that are rated already keep their stars. */
function addShared(rows) {
  history.replaceState(null, "", location.href.split("#")[0]);
  const films = rows.map(([id, stars]) => ({movie: byId.get(id), stars, session: HERE}));
  const added = films.filter(({movie, stars}) => movie && !ratings.has(movie) && (stars === null || stars <= 5));
  if (added.length) addFilms(added);
  toast(`${added.length} ${added.length === 1 ? "film" : "films"} of this link were added to yours.`);
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
  const copied = await navigator.clipboard?.writeText(href).then(
    () => true,
    () => false,
  );
  note(copied ? "The link is copied: " : "Copy this link: ", make("a", {href}, "the page with your films"));
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
  keepFocus(get("recommendations"), () => get("recommendations").replaceChildren(...answer.movies.map(recommendation)));
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

/** Rebuilds a list; a focused button passes the focus to the one in its place. */
function keepFocus(element, rebuild) {
  const focused = document.activeElement;
  const place = [...element.children].findIndex((each) => each.contains(focused));
  rebuild();
  if (place >= 0) element.children[place]?.querySelector(`.${focused.className}`)?.focus({preventScroll: true});
}

function basis(shown) {
  if (!shown.length) return "No film passes these filters; change one of them.";
  if (!ratings.size) return "Nothing rated yet: these are films that most people watch and like.";
  const spread = shown.reduce((total, movie) => total + deviation(model, person, movie.row), 0) / shown.length;
  const give = spread ? `, give or take ${spread.toFixed(1)}` : "";
  return `The likeliest that you watch and like come first. ★ is what you would give${give}.`;
}

/** The geometric median, where most of the points are (Weiszfeld's iteration); null without points. */
function middleOf(points) {
  let at = points[0] ?? null;
  for (let i = 0; at && i < 20; i++) {
    const weights = points.map(({x, y}) => 1 / Math.max(0.01, Math.hypot(x - at.x, y - at.y)));
    const total = weights.reduce((a, b) => a + b);
    const mean = (axis) => points.reduce((sum, point, j) => sum + weights[j] * point[axis], 0) / total;
    at = {x: mean("x"), y: mean("y")};
  }
  return at;
}

const predicted = (movie, ...more) =>
  make("span", {className: "predicted"}, clamp(person.stars[movie.row], 0.5, 5).toFixed(1), ...more);

/** Names the ratings that speak most for a movie, at most two, and those only that count beside the first. */
function because(movie, before = "") {
  const [first, second] = explain(model, person, movie.row).filter(({added, stars}) => added > 0 && !isDislike(stars));
  if (!first) return "";
  const named = second?.added > 0.2 * first.added ? [first, second] : [first];
  const titles = list.format(named.map((rating) => movies[rating.movie].title));
  return make("span", {className: "soft reasons"}, `${before}because you liked ${titles}`);
}

function recommendation(movie, i) {
  const genres = movie.genres.join(", ");
  return make(
    "li",
    {movie},
    make("span", {className: "number"}, String(i + 1)),
    nameButton(movie),
    predicted(movie),
    make("p", {className: "soft why"}, genres, because(movie, genres ? " · " : "")),
    make("span", {className: "acts"}, ...acts(movie)),
  );
}

const acts = (movie) => [
  labelled(
    `Seen it: ${movie.title}`,
    button("seen", () => mark(movie, null, `${movie.title}: seen. How was it?`), "Seen it"),
  ),
  labelled(
    `Not for me: ${movie.title}`,
    button(
      "dislike",
      () => mark(movie, DISLIKED, `${movie.title} is not for you: it counts as ${DISLIKED} stars.`),
      "Not for me",
    ),
  ),
];

const markedRow = (movie, i) =>
  make(
    "li",
    {movie},
    row(movie, () => select(movie), make("span", {className: "number"}, String(i + 1))),
  );

// ---- the selection: a movie, a cluster or nothing; stored in the URL's fragment
const hashOf = ({movie, cluster}) => (movie ? `#movie=${movie.id}` : cluster ? `#cluster=${cluster.id}` : "");
const labelOf = ({movie, cluster}) => movie?.dated ?? cluster?.label ?? "nothing";

/** The element that says what is selected; null for nothing. */
const headingOf = ({movie, cluster}) =>
  movie ? detail.querySelector("h2") : cluster ? get(`cluster-${cluster.id}`).firstChild : null;

function choose(next, {travel = false, focus = false, remember = true} = {}) {
  const before = scene.chosen;
  const lost = get("side").contains(document.activeElement);
  scene.chosen = next;
  if (remember) rememberInAddress(next);
  if (next.cluster) show("map");
  showTip(null);
  showDetail(next.movie);
  showCluster(next.cluster);
  if (travel) travelTo(next);
  if (focus) headingOf(next).focus({preventScroll: true});
  else if (lost && !headingOf(next)) originOf(before)?.focus({preventScroll: true});
  say(`Selected: ${labelOf(next)}`);
  redraw();
}

function rememberInAddress(next) {
  const steps = (history.state?.steps ?? 0) + 1;
  const hash = hashOf(next);
  if (hash !== location.hash) history.pushState({steps}, "", location.href.split("#")[0] + hash);
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
  const shared = fromFragment(location.hash);
  if (shared.length) return addShared(shared);
  const [, kind, id] = location.hash.match(/^#(movie|cluster)=(\d+)$/) ?? [];
  const item = kind === "movie" ? byId.get(id) : clusters.find((each) => String(each.id) === id);
  const {movie, cluster} = scene.chosen;
  if (item || movie || cluster) choose(item ? {[kind]: item} : {}, {travel: true, remember: false});
  if ((movie || cluster) && !item) flyHome();
}

/** Goes back to what was selected before, or to nothing. */
function goBack() {
  showTip(null);
  if (!scene.chosen.movie && !scene.chosen.cluster) return;
  if (history.state?.steps) history.back();
  else {
    choose({});
    flyHome();
  }
}

function showCluster(cluster) {
  if (cluster) get("key").open = true;
  for (const each of clusters) get(`cluster-${each.id}`).open = each === cluster;
  if (cluster) get(`cluster-${cluster.id}`).scrollIntoView({block: "nearest"});
}

function showDetail(movie) {
  detail.hidden = !movie;
  if (!movie) return;
  const close = labelled(
    "Close",
    button("icon", () => choose({}), "×"),
  );
  const {cluster} = movie;
  const near = movie.near.map((other) =>
    make(
      "li",
      {},
      row(other, () => select(other)),
    ),
  );
  detail.replaceChildren(
    make("div", {className: "top"}, make("h2", {tabIndex: -1}, movie.dated), close),
    soft(movie.genres.join(", ")),
    soft(ratingsOf(movie)),
    make("p", {id: "prediction"}),
    make("div", {className: "yours"}, starSlider(movie), make("span", {id: "marks", className: "acts"})),
    links(movie),
    ...(movie.x === null ? [soft("Too few ratings to be on the map.")] : [toMap(movie)]),
    ...(cluster
      ? [button("row", () => choose({cluster}, {focus: true}), swatch(cluster), make("span", {}, cluster.label))]
      : []),
    ...(near.length ? [make("h3", {}, "Nearest films"), make("ol", {}, ...near)] : []),
  );
  get("side").scrollTop = 0;
  showPrediction(movie);
}

const toMap = (movie) =>
  button(
    "plain to-map",
    () => {
      show("map");
      select(movie);
    },
    "Show on the map",
  );

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
}

// ---- the search
let suggested = [];
let active = -1;

function suggest() {
  const text = query.value.trim();
  const answer = text ? search(index, text, SUGGESTIONS) : {movies: [], note: ""};
  suggested = answer.movies;
  found.replaceChildren(...suggested.map(option));
  get("note").textContent = answer.note;
  get("note").hidden = !answer.note;
  found.hidden = !suggested.length;
  activate(-1);
  open(suggested.length > 0 || answer.note !== "");
  if (text) say(answer.note || `${suggested.length} films found`);
}

function option(movie, i) {
  const events = {onclick: () => take(movie), onpointerdown: (event) => event.preventDefault()};
  const item = make("li", {id: `found-${i}`, className: "row", role: "option", ...events});
  item.append(...row(movie).childNodes);
  return item;
}

function activate(position) {
  active = position;
  [...found.children].forEach((each, i) => {
    each.ariaSelected = String(i === position);
  });
  if (position < 0) return query.removeAttribute("aria-activedescendant");
  query.setAttribute("aria-activedescendant", `found-${position}`);
  found.children[position].scrollIntoView({block: "nearest"});
}

function open(yes) {
  results.hidden = !yes;
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
  if (step && n && !results.hidden) activate((Math.max(active + step, active < 0 && step < 0 ? -2 : -1) + n) % n);
  else if (step) suggest();
  else if (event.key === "Enter" && n && !results.hidden) take(suggested[Math.max(active, 0)]);
  else if (event.key === "Escape" && query.value) {
    query.value = "";
    suggest();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

query.addEventListener("input", suggest);
query.addEventListener("focus", suggest);
query.addEventListener("blur", () => open(false));
query.addEventListener("keydown", pressInSearch);

// ---- colours of the map
function recolour() {
  const by = get("colour").value;
  const known = by === "cluster" ? [] : onMap.map((movie) => movie[by]).filter((value) => value !== null);
  const values = known.sort((a, b) => a - b);
  const [low, high] = [0.05, 0.95].map((part) => values[Math.floor(part * (values.length - 1))]);
  const shareOf = (movie) => (movie[by] === null ? 0 : (movie[by] - low) / (high - low || 1));
  scene.colourOf = by === "cluster" ? (movie) => movie.cluster.colour : (movie) => between(shareOf(movie));
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

function startEvents() {
  document.addEventListener("keydown", press);
  addEventListener("hashchange", chooseFromAddress);
  addEventListener("popstate", chooseFromAddress);
  addEventListener("storage", () => {
    read();
    update();
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) importText(await file.text());
  });
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text");
    if (!text.trim().includes("\n")) return;
    event.preventDefault();
    importText(text);
  });
  for (const tab of document.querySelectorAll("[data-to]")) tab.onclick = () => show(tab.dataset.to);
  for (const id of FILTERS) get(id).addEventListener("input", filter);
  for (const [kind, movieOf] of [
    ["pointerover", (event) => event.target.closest("li")?.movie],
    ["focusin", (event) => event.target.closest("li")?.movie],
    ["pointerleave", () => null],
  ])
    get("marked").addEventListener(kind, (event) => {
      const movie = movieOf(event);
      showTip(movie && movie.x !== null ? movie : null);
    });
  document.querySelector(".skip").onclick = (event) => {
    event.preventDefault(); // the fragment says what is selected
    get("main").focus();
  };
  get("file").onchange = async (event) => {
    const [file] = event.target.files;
    if (file) importText(await file.text());
    event.target.value = "";
  };
  const clear = () => {
    change(() => ratings.clear());
    toast("Your films are cleared.");
  };
  const more = () => {
    count += PAGE;
    showRecommendations();
  };
  const dismiss = () => {
    get("toast").hidden = true;
  };
  const actions = {more, clear, dismiss, undo, share, export: exportFile, others: showStarters};
  for (const [id, action] of Object.entries(actions)) get(id).onclick = action;
  get("colour").oninput = recolour;
}

function filter() {
  count = PAGE;
  store(
    "filters",
    FILTERS.map((id) => get(id).value),
  );
  showRecommendations();
}

// ---- the start
function addOptions() {
  const genres = [...new Set(movies.flatMap((movie) => movie.genres))].sort();
  get("genre").append(...genres.map((genre) => make("option", {}, genre)));
  const years = movies.map(({year}) => year).filter((year) => year !== null);
  const decades = [...new Set(years.map((year) => Math.floor(year / 10) * 10))].sort();
  get("from").append(...decades.map((year) => make("option", {}, String(year))));
  get("to").append(...decades.map((year) => make("option", {}, String(year + 9))));
  const stored = loadStored("filters") ?? [];
  FILTERS.forEach((id, i) => {
    if (stored[i]) get(id).value = stored[i];
    if (get(id).selectedIndex < 0) get(id).value = ""; // what is stored is of other data
  });
}

function startLegend() {
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
const part = movies.length === data.n_movies ? "" : ` of ${number.format(data.n_movies)}`;
get("about").textContent +=
  ` ${number.format(movies.length)}${part} films of ${data.label} can be rated and recommended; ${number.format(onMap.length)} are on the map.`;
addOptions();
startEvents();
get("ask-search").append(query.parentElement);
read();
if (/^#(movie|cluster)=/.test(location.hash)) show("map");
else if (ratings.size) show("watch");
startMap();
startLegend();
showStarters();
update();
chooseFromAddress();
