// Finds the movies that a title may mean, as forgiving as stages/recommender/title_search.py.

const LETTERS = {ø: "o", æ: "ae", œ: "oe", ł: "l", đ: "d", ð: "d", ı: "i", ß: "ss", "½": " 1/2"};
const NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve thirteen".split(" ");
const NUMERALS = "i ii iii iv v vi vii viii ix x xi xii xiii".split(" ");
const SAME = new Map([
  ...NUMBERS.map((word, number) => [word, String(number)]),
  ...Object.entries({doctor: "dr", mister: "mr", saint: "st", versus: "5", vs: "5"}), // as the numeral v
]);
const FILLERS = new Set(["the", "a", "an", "and", "of"]);
const COUNTED = /\b(?:part|pt|episode|ep|volume|vol|chapter) +(?=\d+\b)/g;
const SERIES = /^(?:the |an? )?(\S+ .*?[\p{L}\p{N}])(?: and the |[’']s )/iu;
const FAMOUS = 0.1; // share of the best-known movie's ratings from which initials are enough
const FAR = 5; // times as many ratings make one of several movies the one that is meant
const BEHIND = /^(.+), (the|an?|l[ae]s?|l'|il?|lo|el|los|gli|der|die|das|d[eé]t?n?|een|en|et|un[aeo]?)$/i; // articles
const TIERS = {exact: 0, start: 1, words: 2, inside: 3, typos: 4};

/** In lower case without accents, punctuation and filler words, and with digits for numerals. */
export function normalise(name) {
  const letters = name.toLowerCase().replace(/[øæœłđðıß½]/g, (letter) => LETTERS[letter]);
  const plain = letters
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/\.\.\./g, " ")
    .replace(/[’'`.*]/g, "");
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const counted = words.map(
    (word, i) => SAME.get(word) ?? (i && NUMERALS.includes(word) ? String(NUMERALS.indexOf(word) + 1) : word),
  );
  const all = counted.join(" ").replace(COUNTED, "").split(" ");
  const short = all.filter((word) => !FILLERS.has(word));
  return (short.length ? short : all).join(" ") || name.trim();
}

/** The forms of a title, and their parts: between colons and dashes, or a series. */
function namesOf(movie) {
  const names = [];
  for (const title of [movie.title, ...movie.also]) {
    names.push({text: title, whole: true});
    const pieces = title.split(/:\s+|\s+[-–—]\s+/);
    for (let start = 0; start < pieces.length; start++) {
      for (let end = start + 1; end <= pieces.length; end++) {
        if (end - start < pieces.length) names.push({text: pieces.slice(start, end).join(" "), whole: false});
      }
    }
    const series = title.match(SERIES);
    if (series) names.push({text: series[1], whole: false});
  }
  return names;
}

/** First letters of a name's words, with and without an article: at least three, or two with a number. */
function initials(name) {
  const plain = name.toLowerCase().replace(/[’'.]/g, "");
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  const isNumber = (word) => /^\d+$/.test(word);
  const letters = words.map((word) => (isNumber(word) ? word : word[0])).join("");
  const both = words[0] === "the" ? [letters, letters.slice(1)] : [letters];
  return both.filter((each) => words.length > 1 && each.length > (isNumber(words.at(-1)) ? 1 : 2));
}

/** Typos that make `text` of `name`, and of the start of `name`: insertions, deletions, changes and swaps. */
function typos(text, name) {
  let [before, last] = [[], Array.from({length: name.length + 1}, (_, j) => j)];
  for (let i = 1; i <= text.length; i++) {
    const row = [i];
    for (let j = 1; j <= name.length; j++) {
      const changed = Number(text[i - 1] !== name[j - 1]);
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + changed);
      if (i > 1 && j > 1 && text[i - 1] === name[j - 2] && text[i - 2] === name[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return {whole: last[name.length], start: Math.min(...last)};
}

const digits = (text) => text.replace(/\D/g, "");

/** A bit for each letter or digit. */
const lettersOf = (key) => [...key].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) % 32)), 0);

/** How many bits are set. */
function countBits(bits) {
  let n = 0;
  for (let left = bits; left; left &= left - 1) n++;
  return n;
}

/** Names with years that a text may stand for: "Se7en 1995" is a title, or one and its year. */
function readings(text) {
  const [, name, inner] = text.match(/^(.*\S)\s*\((\d{4})(?:\s*[-–]\s*(?:\d{4})?)?\)$/) ?? [];
  if (name) return [{name, year: Number(inner)}];
  const [, before, bare] = text.match(/^(.*[^\s,]),?\s+((?:1[89]|20)\d\d)$/) ?? [];
  return [{name: text, year: null}, ...(before ? [{name: before, year: Number(bare)}] : [])];
}

/** A search over `movies` with {title, also, year, n}, the most rated first. */
export function openSearch(movies) {
  const names = [];
  const exact = new Map();
  const note = (key, movie, whole) => exact.set(key, [...(exact.get(key) ?? []), {movie, whole}]);
  for (const movie of movies) {
    movie.keys = [];
    for (const {text, whole} of namesOf(movie)) {
      const key = normalise(text);
      if (!whole && /^[\d ]+$/.test(key)) continue;
      if (whole) movie.keys.push(key);
      names.push({key, movie, letters: lettersOf(key)});
      note(key.replaceAll(" ", ""), movie, whole);
      if (movie.n >= FAMOUS * movies[0].n) for (const letters of initials(text)) note(letters, movie, false);
    }
    movie.words = [...new Set(movie.keys.join(" ").split(" "))];
  }
  return {movies, names, exact, vocabulary: [...new Set(movies.flatMap((movie) => movie.words))]};
}

/** Names that differ in few letters, whole or as far as they are typed, and in no digit. */
function withTypos(index, key, wholeOnly = false) {
  const allowed = Math.min(Math.floor(key.length / 5), 3);
  const found = new Map();
  const letters = lettersOf(key);
  for (const name of allowed ? index.names : []) {
    const longer = name.key.length - key.length;
    if (longer < -allowed || countBits(letters & ~name.letters) > allowed) continue; // each is a typo
    if (wholeOnly && (longer > allowed || countBits(name.letters & ~letters) > allowed)) continue;
    const distance = typos(key, name.key.slice(0, key.length + allowed + 1)); // longer ones differ by more
    const same = distance.whole <= allowed && digits(name.key) === digits(key);
    const least = same ? distance.whole : distance.start + 0.5;
    if (least <= allowed + 0.5 && digits(name.key).startsWith(digits(key)))
      found.set(name.movie, Math.min(least, found.get(name.movie) ?? 9));
  }
  return found;
}

/** Movies that have a word like each word of the key. */
function withSimilarWords(index, key) {
  const choices = key.split(" ").map((word) => {
    const allowed = /\d/.test(word) ? 0 : Math.min(Math.floor(word.length / 4), 2);
    return new Set(
      index.vocabulary.filter((other) => other.startsWith(word) || (allowed && typos(word, other).whole <= allowed)),
    );
  });
  return index.movies.filter((movie) => choices.every((choice) => movie.words.some((word) => choice.has(word))));
}

/** "Matrix 2" is the second by year of the movies that start with "Matrix". */
function addSequels(index, parts, add) {
  const [sequel, base] = [Number(parts.at(-1)), parts.slice(0, -1).join(" ")];
  if (!(sequel > 0) || !base) return;
  const series = index.movies.filter((movie) => movie.keys.some((name) => ` ${name} `.includes(` ${base} `)));
  series.sort((a, b) => a.year - b.year);
  for (const [i, movie] of series.entries()) add(movie, i + 1 === sequel ? TIERS.words : TIERS.typos);
}

/** Each movie that the key may mean, with a rank; the lowest is the best. */
function rankAll(index, key) {
  const joined = key.replaceAll(" ", "");
  const parts = key.split(" ");
  const ranks = new Map();
  const add = (movie, rank) => ranks.set(movie, Math.min(rank, ranks.get(movie) ?? 9));
  const exact = index.exact.get(joined) ?? [];
  const titled = Math.max(0, ...exact.filter(({whole}) => whole).map(({movie}) => movie.n));
  for (const {movie, whole} of exact)
    add(movie, whole || movie.n >= FAR * (titled + 1) ? TIERS.exact : TIERS.exact + 0.1);
  for (const movie of index.movies) {
    if (movie.keys.some((name) => name.startsWith(key))) add(movie, TIERS.start);
    else if (parts.every((part) => movie.words.some((word) => word.startsWith(part)))) add(movie, TIERS.words);
    else if (joined.length > 2 && movie.keys.some((name) => name.replaceAll(" ", "").includes(joined)))
      add(movie, TIERS.inside);
  }
  addSequels(index, parts, add);
  if (joined.length < 4 || ranks.size >= 10) return ranks;
  for (const [movie, distance] of withTypos(index, key)) add(movie, TIERS.typos + distance / 10);
  for (const movie of withSimilarWords(index, key)) add(movie, TIERS.typos + 0.2);
  return ranks;
}

const isNear = (movie, year) => year === null || (movie.year !== null && Math.abs(movie.year - year) <= 1);

/** Up to `count` movies, the likeliest first, and a note if none is of the year. */
export function search(index, text, count) {
  const ranked = new Map();
  let wanted = null;
  for (const {name, year} of readings(text.trim())) {
    if (year) wanted = year;
    for (const [movie, rank] of rankAll(index, normalise(name))) {
      const penalty = isNear(movie, year) ? 0 : 3.5; // after better names of the year, before typos
      ranked.set(movie, Math.min(rank + penalty, ranked.get(movie) ?? 99));
    }
  }
  const order = [...ranked].sort(([a, x], [b, y]) => x - y || b.n - a.n);
  const last = index.movies.reduce((latest, movie) => Math.max(latest, movie.year ?? 0), 0);
  let note = order.length ? "" : `No film here is called “${text.trim()}”.`;
  if (order.length && !isNear(order[0][0], wanted)) note = `No film of this name is from ${wanted}.`;
  if (note && wanted > last) note += ` The data ends in ${last}.`;
  return {movies: order.slice(0, count).map(([movie]) => movie), note};
}

/** A name as it is said: without other titles in parentheses, the article in front. */
const asSaid = (name) => name.replace(/(?<=\S)(\s+\([^()]*\))+$/, "").replace(BEHIND, "$2 $1");

/** The movie of a list of films that is meant without doubt, or null; "Matrix, The (1999)" is one. */
export function find(index, title, year) {
  for (const reading of year ? [{name: title, year}] : readings(title)) {
    for (const name of new Set([reading.name, asSaid(reading.name)])) {
      const movie = findNamed(index, normalise(name), reading.year);
      if (movie) return movie;
    }
  }
  return null;
}

function findNamed(index, key, year) {
  const fits = (movie) => isNear(movie, year) || (year !== null && movie.year === null);
  let found = [...new Set(index.exact.get(key.replaceAll(" ", ""))?.map(({movie}) => movie))].filter(fits);
  const titled = found.filter((movie) => movie.keys.includes(key));
  if (titled.length) found = titled;
  if (!found.length && key.length >= 5) {
    const near = [...withTypos(index, key, true)].filter(([movie, n]) => fits(movie) && Number.isInteger(n));
    const least = Math.min(...near.map(([, n]) => n));
    found = near.filter(([, n]) => n === least).map(([movie]) => movie);
  }
  const ofYear = found.filter((movie) => movie.year === year);
  if (ofYear.length) found = ofYear;
  found.sort((a, b) => b.n - a.n);
  return found.length && (found.length === 1 || found[0].n >= FAR * (found[1].n + 1)) ? found[0] : null;
}
