// The page: what a person rates, the recommendations from it, and the selection on the map.

import {loadStored, readFilms, store, writeFilms} from "./films.js";
import {
  between,
  boxes,
  clamp,
  closeUp,
  fit,
  fly,
  flyHome,
  get,
  place,
  readTheme,
  redraw,
  scene,
  showTip,
  startMap,
  view,
} from "./map.js";
import {deviation, explain, inputOf, openModel, recommend} from "./recommend.js";
import {find, openSearch, search} from "./search.js";

const SUGGESTIONS = 10;
const STARTERS = 10;
const PAGE = 10; // recommendations at a time
const NUMBERED = 10; // recommendations that are marked on the map

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
  const dated = movie.year === null ? movie.title : `${movie.title} (${movie.year})`;
  const cluster = clusters.find(({id}) => id === movie.cluster) ?? null;
  return {
    ...movie,
    row,
    dated,
    cluster,
    genres: movie.genres.split("|").filter(Boolean),
    also: movie.also.split("|").filter(Boolean),
    near: [],
  };
});
const onMap = movies.filter((movie) => movie.x !== null);
onMap.forEach((movie, i) => {
  movie.near = data.near[i].map((row) => movies[row]);
  movie.cluster.members.push(movie);
});
const model = openModel(data.model, data.movies);
const isDislike = (stars) => inputOf(model, stars) < 0;
const index = openSearch(movies);
const byId = new Map(movies.map((movie) => [movie.id, movie]));

// ---- elements
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null)); // strings are added as text, not as markup
  return element;
}

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
const dated = (movie) => [movie.title, movie.year === null ? null : make("small", {}, ` ${movie.year}`)];
const nameButton = (movie, ...before) =>
  make(
    "button",
    {type: "button", className: "name", onclick: () => choose({movie}, {travel: true, focus: true})},
    ...before,
    ...dated(movie),
  );

/** Links to the movie elsewhere, with a dot between them. */
function links(movie) {
  const to = (name, href) =>
    make("a", {href, target: "_blank", rel: "noopener", ariaLabel: `${movie.title} on ${name}`}, name);
  const found = [
    ...(movie.imdb ? [to("IMDb", `https://www.imdb.com/title/tt${String(movie.imdb).padStart(7, "0")}/`)] : []),
    ...(movie.tmdb ? [to("TMDB", `https://www.themoviedb.org/movie/${movie.tmdb}`)] : []),
  ];
  return make("p", {className: "soft links"}, ...found.flatMap((link, i) => (i ? [" · ", link] : [link])));
}

const genresOf = (movie) => make("p", {className: "soft"}, movie.genres.join(", "));

// ---- stars: a slider, so that arrow keys, clicks and drags change them by half stars; 0 removes the rating
const sliders = new Map(); // movie → the sliders that show its stars

function starSlider(movie) {
  const input = make("input", {type: "range", min: 0, max: 5, step: 0.5, ariaLabel: `Your stars for ${movie.dated}`});
  const stars = make("span", {className: "stars"}, input);
  const at = (event) => {
    const {left, width} = stars.getBoundingClientRect();
    return clamp(Math.ceil(((event.clientX - left) / width) * 10) / 2, 0.5, 5); // the half star under the pointer
  };
  input.addEventListener("input", () => rate(movie, Number(input.value)));
  input.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the slider's own value would be the nearest half star
    input.focus({focusVisible: false});
  });
  input.addEventListener("click", (event) => {
    if (event.detail) rate(movie, at(event)); // not by a key
  });
  sliders.set(movie, [...(sliders.get(movie) ?? []).filter((other) => other.isConnected), input]);
  showStars(movie, input);
  return stars;
}

function showStars(movie, input) {
  const stars = ratings.get(movie)?.stars ?? 0;
  input.value = stars;
  input.ariaValueText = stars ? `${stars} of 5 stars` : "not rated";
  input.parentElement?.style.setProperty("--filled", stars);
}

// ---- ratings: by movie, {stars, session}; as in a terminal, those given here share a session, imported ones do not
const HERE = 0;
const ratings = new Map();
let lastUpdate = 0; // milliseconds

function rate(movie, stars) {
  if (stars === (ratings.get(movie)?.stars ?? 0)) return;
  if (stars) ratings.set(movie, {stars, session: HERE});
  else ratings.delete(movie);
  update();
  say(stars ? `${movie.title}: ${stars} stars` : `${movie.title}: not rated`);
}

/** Shows what follows from the ratings. */
function update() {
  const began = performance.now();
  const kept = store([...ratings].map(([movie, {stars, session}]) => [movie.id, stars, session]));
  for (const [movie, inputs] of sliders)
    inputs
      .filter((input) => input.isConnected)
      .forEach((input) => {
        showStars(movie, input);
      });
  showRecommendations();
  showYours(kept);
  if (scene.chosen.movie) showPrediction(scene.chosen.movie);
  lastUpdate = performance.now() - began;
}

function restore() {
  for (const [id, stars, session] of loadStored()) {
    const valid = stars === null || (stars >= 0.5 && stars <= 5);
    if (byId.has(id) && valid) ratings.set(byId.get(id), {stars, session: Number(session) || HERE});
  }
}

// ---- films to start from: the best known of each cluster
let shownStarters = 0;

function starters() {
  const groups = clusters.map(({members}) => members);
  const rounds = Array.from({length: Math.max(0, ...groups.map((group) => group.length))}, (_, i) =>
    groups.map((group) => group[i]).filter(Boolean),
  );
  return [...new Set([...rounds.flatMap((round) => round.sort((a, b) => b.n - a.n)), ...movies])];
}

const starterOrder = starters();

function showStarters() {
  const left = starterOrder.filter((movie) => !ratings.has(movie));
  if (shownStarters >= left.length) shownStarters = 0;
  get("starters").replaceChildren(...left.slice(shownStarters, shownStarters + STARTERS).map(filmRow));
  shownStarters += STARTERS;
}

const filmRow = (movie) => make("li", {}, nameButton(movie), starSlider(movie));

/** Puts a film that was searched at the top of those to rate. */
function addToRate(movie) {
  const row = filmRow(movie);
  get("starters").prepend(row);
  row.scrollIntoView({block: "nearest"});
  row.querySelector("input").focus();
}

// ---- your films
let cleared = null;

function showYours(kept) {
  const rated = [...ratings].filter(([, {stars}]) => stars !== null);
  const seen = ratings.size - rated.length;
  const without = seen ? `, ${number.format(seen)} more seen` : "";
  get("yours-title").textContent = ratings.size
    ? `Your films: ${number.format(rated.length)} rated${without}`
    : "Your films";
  const where = kept
    ? "They are kept in this browser only."
    : "This browser does not let the page keep them: export them.";
  get("yours-note").textContent = ratings.size ? where : "None yet.";
  if (rated.length && rated.every(([, {stars}]) => isDislike(stars))) {
    get("yours-note").textContent += " So far all are low: that says what to avoid. Add one that you like.";
  }
  document.querySelector('[data-to="rate"]').textContent = ratings.size
    ? `Rate (${number.format(ratings.size)})`
    : "Rate";
  get("export").disabled = !ratings.size;
  get("clear").textContent = cleared && !ratings.size ? "Undo clear" : "Clear";
  const list = get("yours");
  const ordered = [...ratings.keys()].reverse().slice(0, 200);
  const rows = new Map([...list.children].map((row) => [row.movie, row])); // kept, so that the focus stays
  list.replaceChildren(...ordered.map((movie) => rows.get(movie) ?? Object.assign(filmRow(movie), {movie})));
}

function clear() {
  if (!ratings.size && cleared) {
    for (const [movie, rating] of cleared) ratings.set(movie, rating);
    cleared = null;
  } else {
    cleared = [...ratings];
    ratings.clear();
  }
  update();
  say(cleared ? "Your films are cleared; the same button brings them back." : "Your films are back.");
}

async function importFile(file) {
  try {
    const films = readFilms(await file.text());
    const missing = [];
    films.forEach(({title, year, stars}, i) => {
      const movie = find(index, title, year);
      if (movie) ratings.set(movie, {stars, session: i + 1});
      else missing.push(title);
    });
    const examples = missing.slice(0, 5).join(", ") + (missing.length > 5 ? ", …" : "");
    const lost = missing.length ? ` Unknown or ambiguous: ${examples}.` : "";
    get("import-note").textContent = `${films.length - missing.length} of ${films.length} films were found.${lost}`;
    update();
  } catch (error) {
    get("import-note").textContent = error.message;
  }
  say(get("import-note").textContent);
}

function exportFile() {
  const films = [...ratings].map(([movie, {stars}]) => ({title: movie.title, year: movie.year, stars}));
  const link = make("a", {
    download: "my-films.csv",
    href: URL.createObjectURL(new Blob([writeFilms(films)], {type: "text/csv"})),
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- recommendations
let count = PAGE;
let person = null;

function passes(movie) {
  const [genre, from, to] = ["genre", "from", "to"].map((id) => get(id).value);
  if (genre && !movie.genres.includes(genre)) return false;
  if (!from && !to) return true;
  return movie.year !== null && movie.year >= Number(from || 0) && movie.year <= Number(to || 9999);
}

function showRecommendations() {
  const given = [...ratings].map(([movie, rating]) => ({movie: movie.row, ...rating}));
  const found = recommend(model, given, {
    count,
    adventurous: Number(get("adventurous").value),
    passes: (row) => passes(movies[row]),
    groupOf: (row) => movies[row].cluster?.id ?? -1 - row,
  });
  person = found.person;
  const recommended = found.movies.map((row) => movies[row]);
  const list = get("recommendations");
  const held = [...list.children].find((row) => row.contains(document.activeElement) && ratings.has(row.movie)); // until the focus leaves
  const place = held ? [...list.children].indexOf(held) : 0;
  const rows = recommended.map(recommendation);
  if (held) rows.splice(place, 0, held);
  list.replaceChildren(...rows);
  if (held) held.querySelector("input").focus({preventScroll: true});
  get("basis").textContent = basis(recommended.length);
  get("more").hidden = recommended.length < count;
  const liked = [...ratings].filter(([movie, {stars}]) => stars > 3 && movie.x !== null).map(([movie]) => movie);
  Object.assign(scene, {
    recommended: ratings.size ? recommended.slice(0, NUMBERED) : [],
    rated: new Set(ratings.keys()),
  });
  scene.you = ratings.size ? middleOf([...liked, ...scene.recommended.filter((movie) => movie.x !== null)]) : null;
  redraw();
}

function basis(many) {
  if (!many) return "No film passes these filters; change one of them.";
  if (!ratings.size) return "Nothing rated yet: these are films that most people watch and like.";
  return "Stars are what you would give, give or take one standard deviation.";
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

function predicted(movie) {
  const spread = deviation(model, person, movie.row);
  const stars = clamp(person.stars[movie.row], 0.5, 5).toFixed(1);
  return make(
    "span",
    {className: "predicted", title: "predicted stars"},
    stars,
    spread ? make("small", {}, ` ± ${spread.toFixed(1)}`) : null,
  );
}

/** The two liked films that add most to the place of a film in the list. */
function reasons(movie) {
  const titles = explain(model, person.ratings, movie.row).map(({movie: row}) => movies[row].title);
  return titles.length
    ? make("p", {className: "soft reasons"}, `because you liked ${titles.slice(0, 2).join(" and ")}`)
    : null;
}

function recommendation(movie, i) {
  const place = make("span", {className: "number"}, `${i + 1} `);
  const name = nameButton(movie, place);
  const why = reasons(movie) ?? make("span", {});
  return Object.assign(make("li", {}, name, predicted(movie), genresOf(movie), starSlider(movie), why, links(movie)), {
    movie,
  });
}

// ---- the selection: a movie, a cluster or nothing; stored in the URL's fragment
const hashOf = ({movie, cluster}) => (movie ? `#movie=${movie.id}` : cluster ? `#cluster=${cluster.id}` : "");
const isNarrow = () => getComputedStyle(document.querySelector("nav")).display !== "none";

function choose(next, {travel = false, focus = false, remember = true} = {}) {
  const lost = get("info").contains(document.activeElement);
  scene.chosen = next;
  const {movie, cluster} = next;
  const hash = hashOf(next);
  const steps = (history.state?.steps ?? 0) + 1;
  if (remember && hash !== location.hash) history.pushState({steps}, "", location.href.split("#")[0] + hash);
  showTip(null);
  showDetail(movie);
  for (const each of clusters) get(`cluster-${each.id}`).open = each === cluster;
  if (movie || cluster) show("map");
  if (movie || cluster)
    get("info").scrollTop = cluster ? get(`cluster-${cluster.id}`).offsetTop - get("info").offsetTop : 0;
  if (movie && travel && movie.x !== null) fly(closeUp(movie));
  if (cluster) flyHome();
  if (movie && focus) detail.querySelector("h2").focus({preventScroll: true});
  else if (cluster && focus) get(`cluster-${cluster.id}`).firstChild.focus({preventScroll: true});
  else if (lost && !movie && !cluster && get("canvas").offsetParent) get("canvas").focus({preventScroll: true});
  say(movie ? `Selected: ${movie.dated}` : cluster ? `Selected: ${cluster.label}` : "Nothing selected");
  redraw();
}

function chooseFromAddress() {
  const [, kind, id] = location.hash.match(/^#(movie|cluster)=(\d+)$/) ?? [];
  const item = kind === "movie" ? byId.get(Number(id)) : clusters.find((each) => each.id === Number(id));
  const {movie, cluster} = scene.chosen;
  if ((kind && item) || movie || cluster) choose(kind && item ? {[kind]: item} : {}, {travel: true, remember: false});
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

function showDetail(movie) {
  detail.hidden = !movie;
  if (!movie) return;
  const close = make("button", {type: "button", className: "icon", ariaLabel: "Close", onclick: () => choose({})}, "×");
  const {cluster} = movie;
  detail.replaceChildren(
    make("div", {className: "top"}, make("h2", {tabIndex: -1}, movie.dated), close),
    genresOf(movie),
    ratingsOf(movie),
    links(movie),
    make("div", {className: "yours"}, starSlider(movie), make("span", {id: "prediction"})),
    ...(cluster
      ? [
          make(
            "button",
            {type: "button", className: "row", onclick: () => choose({cluster}, {focus: true})},
            swatch(cluster),
            make("span", {}, cluster.label),
          ),
        ]
      : []),
  );
  const near = movie.near.map((other) =>
    make(
      "li",
      {},
      row(other, () => choose({movie: other}, {travel: true, focus: true})),
    ),
  );
  detail.append(
    ...(near.length
      ? [make("h3", {}, "Nearest films"), make("ol", {}, ...near)]
      : [make("p", {className: "soft"}, "Too few ratings to be on the map.")]),
  );
  showPrediction(movie);
}

function showPrediction(movie) {
  get("prediction").replaceChildren(...(ratings.has(movie) ? [] : [predicted(movie), " ", reasons(movie) ?? ""]));
}

const ratingsOf = ({n, mean}) =>
  make(
    "p",
    {className: "soft"},
    `${number.format(n)} ${n === 1 ? "rating" : "ratings"}, mean ${mean.toFixed(2)} stars`,
  );

const row = (movie, onclick) =>
  make(
    "button",
    {type: "button", className: "row", onclick},
    movie.cluster ? swatch(movie.cluster) : make("span", {}),
    make("span", {}, movie.title),
    make("span", {}, String(movie.year ?? "")),
  );

// ---- parts of the page in a narrow window
function show(tab) {
  if (!isNarrow() && tab !== "map") get(tab).scrollTop = 0;
  document.body.dataset.tab = tab;
  if (tab === "map") fit();
  for (const button of document.querySelectorAll("nav button"))
    button.ariaCurrent = button.dataset.to === tab ? "true" : null;
}

// ---- the search
let suggested = [];
let active = -1;

function suggest() {
  const text = query.value.trim();
  const answer = text ? search(index, text, SUGGESTIONS) : {movies: [], note: ""};
  suggested = answer.movies;
  found.replaceChildren(
    ...suggested.map((movie, i) =>
      make(
        "li",
        {
          id: `found-${i}`,
          className: "row",
          role: "option",
          onclick: () => take(movie),
          onpointerdown: (event) => event.preventDefault(),
        },
        movie.cluster ? swatch(movie.cluster) : make("span", {}),
        make("span", {}, movie.title),
        make("span", {}, String(movie.year ?? "")),
      ),
    ),
  );
  get("note").textContent = answer.note;
  get("note").hidden = !answer.note;
  found.hidden = !suggested.length;
  mark(-1);
  open(suggested.length > 0 || answer.note !== "");
  if (text) say(answer.note || `${suggested.length} films found`);
}

function mark(position) {
  active = position;
  [...found.children].forEach((option, i) => {
    option.ariaSelected = String(i === position);
  });
  if (position < 0) return query.removeAttribute("aria-activedescendant");
  query.setAttribute("aria-activedescendant", `found-${position}`);
  found.children[position].scrollIntoView({block: "nearest"});
}

function open(yes) {
  results.hidden = !yes;
  query.ariaExpanded = String(yes && suggested.length > 0);
}

function take(movie) {
  const toMap = document.body.dataset.tab === "map" && isNarrow();
  open(false);
  query.value = "";
  choose({movie}, {travel: true, focus: true});
  if (toMap) return;
  show("rate");
  addToRate(movie);
}

query.addEventListener("input", suggest);
query.addEventListener("focus", suggest);
query.addEventListener("blur", () => open(false));
query.addEventListener("keydown", (event) => {
  const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
  const n = suggested.length;
  if (step && n && !results.hidden) mark((Math.max(active + step, active < 0 && step < 0 ? -2 : -1) + n) % n);
  else if (step) suggest();
  else if (event.key === "Enter" && n && !results.hidden) take(suggested[Math.max(active, 0)]);
  else if (event.key === "Escape" && query.value) {
    query.value = "";
    suggest();
  } else return;
  event.preventDefault();
  event.stopPropagation();
});

// ---- colours of the map
function recolour() {
  const by = get("colour").value;
  const values =
    by === "cluster"
      ? []
      : onMap
          .map((movie) => movie[by])
          .filter((value) => value !== null)
          .sort((a, b) => a - b);
  const [low, high] = [0.05, 0.95].map((share) => values[Math.floor(share * (values.length - 1))]);
  const shareOf = (movie) => (movie[by] === null ? 0 : (movie[by] - low) / (high - low || 1));
  scene.colourOf = by === "cluster" ? (movie) => movie.cluster.colour : (movie) => between(shareOf(movie));
  get("ramp").hidden = !values.length;
  const shown = (value) => (by === "mean" ? value.toFixed(1) : String(value));
  if (values.length) get("ramp").replaceChildren(shown(low), make("i", {}), shown(high));
  redraw();
}

// ---- events of the page
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") goBack();
  if (event.key !== "/" || event.target === query) return;
  event.preventDefault();
  query.focus();
});
for (const button of document.querySelectorAll("nav button")) button.onclick = () => show(button.dataset.to);
for (const id of ["genre", "from", "to", "adventurous"]) {
  get(id).addEventListener("input", () => {
    count = PAGE;
    showRecommendations();
  });
}
get("recommendations").addEventListener("focusout", () => setTimeout(showWithoutHeld));
get("more").onclick = () => {
  count += PAGE;
  showRecommendations();
};
get("others").onclick = showStarters;
get("clear").onclick = clear;
get("export").onclick = exportFile;
get("colour").oninput = recolour;
get("file").onchange = (event) => {
  if (event.target.files[0]) importFile(event.target.files[0]);
  event.target.value = "";
};

/** Removes a rated film from the recommendations once the focus has left it. */
function showWithoutHeld() {
  const inside = get("recommendations").contains(document.activeElement);
  if (!inside && [...get("recommendations").children].some((each) => ratings.has(each.movie))) showRecommendations();
}

// ---- the start
function addOptions() {
  const genres = [...new Set(movies.flatMap((movie) => movie.genres))].sort();
  get("genre").append(...genres.map((genre) => make("option", {}, genre)));
  const years = movies.map(({year}) => year).filter((year) => year !== null);
  const decades = [...new Set(years.map((year) => Math.floor(year / 10) * 10))].sort();
  get("from").append(...decades.map((year) => make("option", {}, String(year))));
  get("to").append(...decades.map((year) => make("option", {}, String(year + 9))));
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
  genresOf(movie),
  ratingsOf(movie),
  make("p", {}, swatch(movie.cluster), movie.cluster.label),
];
const part = movies.length === data.n_movies ? "" : ` of ${number.format(data.n_movies)}`;
get("about").textContent +=
  ` ${number.format(movies.length)}${part} films of ${data.label} can be rated and recommended; ${number.format(onMap.length)} are on the map.`;
addOptions();
startMap();
startLegend();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readTheme);
restore();
showStarters();
update();
chooseFromAddress();
addEventListener("hashchange", chooseFromAddress);
addEventListener("popstate", chooseFromAddress);

/** For tests. */
window.explorer = Object.freeze({
  screen: (id) => {
    const {x, y} = place(byId.get(id));
    const {left, top} = get("canvas").getBoundingClientRect();
    return {x: left + x, y: top + y};
  },
  view: () => ({...view}),
  texts: () => boxes.filter((box) => !box.badge).map(({left, top, width, height}) => ({left, top, width, height})),
  search: (text) => search(index, text, SUGGESTIONS).movies.map(({id}) => id),
  recommend: (rows, options) => {
    const given = rows.map(([id, stars, session]) => ({movie: byId.get(id).row, stars, session}));
    const found = recommend(model, given, {...options, groupOf: (row) => movies[row].cluster?.id ?? -1 - row});
    return {
      ids: found.movies.map((row) => movies[row].id),
      stars: [...found.person.stars],
      deviation: found.movies.map((row) => deviation(model, found.person, row)),
    };
  },
  colours: () => clusters.map(({colour}) => colour).concat([0, 0.5, 1].map(between)),
  updateTime: () => lastUpdate,
});
