// The films of a person: read from a CSV file, written to one, and kept in the browser.

const TITLE = ["title", "name", "movie", "film"];
const YEAR = ["year", "release year"];
const RATING = ["your rating", "rating", "stars"]; // IMDb's "Your Rating" is from 1 to 10
const STORE = "movie-factors.";

/** Rows of cells; a cell in quotes may contain separators, line breaks and doubled quotes. */
export function parseCsv(text) {
  const first = text.split(/\r?\n/).find((line) => line.trim()) ?? "";
  const separator = [..."\t,;"].reduce((a, b) => (first.split(b).length > first.split(a).length ? b : a));
  const rows = [[]];
  const cell = new RegExp(
    `(?:"((?:[^"]|"")*)"[^${separator}\\r\\n]*|([^${separator}\\r\\n]*))(${separator}|\\r?\\n|\\r|$)`,
    "gy",
  );
  for (const [whole, quoted, plain, end] of text.replace(/^\ufeff/, "").matchAll(cell)) {
    if (!whole && !end && !rows.at(-1).length) break;
    rows.at(-1).push((quoted?.replaceAll('""', '"') ?? plain).trim());
    if (!end) break;
    if (end !== separator) rows.push([]);
  }
  return rows.filter((row) => row.some(Boolean));
}

/** Films as {title, year, stars}, year and stars null where unknown; throws an Error that says what is wrong. */
export function readFilms(text) {
  const [header = [], ...rows] = parseCsv(text);
  const columns = header.map((name) => name.toLowerCase());
  const [title, year, rating] = [TITLE, YEAR, RATING].map((names) =>
    columns.indexOf(names.find((name) => columns.includes(name))),
  );
  if (title < 0 && header.length === 1) {
    const lines = text.split("\n").filter((line) => line.trim());
    return lines.map((line) => ({title: line.trim(), year: null, stars: null}));
  }
  if (title < 0) throw new Error(`This file has no column called ${TITLE.join(", ").replace(/, (?=\w+$)/, " or ")}.`);
  const scale = columns[rating] === "your rating" ? 2 : 1;
  const films = rows
    .filter((row) => row[title])
    .map((row) => ({title: row[title], year: Number(row[year]) || null, given: row[rating] || null}));
  if (!films.length) throw new Error("This file lists no films.");
  return films.map(({given, ...film}) => {
    const stars = given && Number(given.replace(",", ".")) / scale;
    if (given && !(stars >= 0.5 && stars <= 5))
      throw new Error(`“${film.title}” has ${given} stars, expected ${0.5 * scale} to ${5 * scale}.`);
    return {...film, stars};
  });
}

/** A CSV file that readFilms and `python -m stages.recommend --watched` read. */
export function writeFilms(films) {
  const quote = (text) => `"${text.replaceAll('"', '""')}"`;
  const lines = films.map(({title, year, stars}) => `${quote(title)},${year ?? ""},${stars ?? ""}`);
  return `${["title,year,rating", ...lines].join("\n")}\n`;
}

/** What was stored, or null: the browser may forbid it. */
export function loadStored(name) {
  try {
    return JSON.parse(localStorage.getItem(STORE + name) ?? "[]");
  } catch {
    return null;
  }
}

/** Whether it could be stored. */
export function store(name, value) {
  try {
    localStorage.setItem(STORE + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** Rows of [id, stars or null] as the fragment of a link. */
export const toFragment = (rows) => `#films=${rows.map(([id, stars]) => `${id}-${(stars ?? 0) * 2}`)}`;

/** The rows of such a fragment. */
export const fromFragment = (fragment) =>
  [...(fragment.match(/^#films=([\d,-]+)$/)?.[1] ?? "").matchAll(/(\d+)-(\d+)/g)].map(([, id, half]) => [
    id,
    Number(half) / 2 || null,
  ]);
