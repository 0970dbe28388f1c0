// Predicts stars and ranks movies for one person, as stages/recommender/ does, from the numbers of encoding.py.
//
// A person's vector z ~ N(f, I) is a ridge regression on their ratings, in each draw (stages/factorization/fold_in.py):
//
//     r̂_i = mean_i + offset_i + zᵀ y_i,    f = Σ w_i / √n over the n movies rated
//     z̄ = P⁻¹ Σ g_i,    P = I + α Σ y_i y_iᵀ,    g_i = α y_i (r_i - mean_i - offset_i) + w_i / √n
//
// So a prediction is the mean plus a part from each rating.

const TYPES = {float32: Float32Array, int8: Int8Array};

/** Numbers from base 64. */
function unpack(text, type) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new TYPES[type](bytes.buffer);
}

/** The model of the page; `ratings`, here and below, are {movie: row, stars: 0.5 to 5 or null}. */
export function openModel(content, movies) {
  const mean = unpack(content.mean, "float32");
  const names = Object.keys(content.mix);
  const model = {
    ...content,
    ...content.constants,
    n: mean.length,
    mean,
    mix: Object.values(content.mix),
    genres: movies.genres.map((text) =>
      text
        .split("|")
        .filter(Boolean)
        .map((name) => names.indexOf(name)),
    ),
    nRatings: movies.n,
    vectors: unpack(content.vectors, "int8"), // draws × (1 + entries) × movies: the offset, then y
    scales: unpack(content.scales, "float32"), // draws × (1 + entries)
    features: unpack(content.features, "int8"), // rank × movies
    featureWeights: unpack(content.feature_weights, "float32"), // rank × draws × entries
    intercept: unpack(content.intercept, "float32"),
    left: unpack(content.left, "int8"), // movies × inner, as right: what rating one movie adds to another
    leftScales: unpack(content.left_scales, "float32"),
    right: unpack(content.right, "int8"),
    rightScales: unpack(content.right_scales, "float32"),
    nTraining: unpack(content.n_ratings, "float32"),
  };
  model.rank = model.features.length / model.n;
  model.inner = model.left.length / model.n;
  return model;
}

/** Entry `entry` of a movie's vector in a draw; entry 0 is the offset. */
function entryOf(model, draw, entry, movie) {
  const column = draw * (model.entries + 1) + entry;
  return model.scales[column] * model.vectors[column * model.n + movie];
}

function vectorOf(model, draw, movie) {
  return Float64Array.from({length: model.entries}, (_, entry) => entryOf(model, draw, entry + 1, movie));
}

/** w of a movie: what having rated it says before its stars. */
function featureOf(model, draw, movie) {
  const found = new Float64Array(model.entries);
  for (let k = 0; k < model.rank; k++) {
    const value = model.features[k * model.n + movie];
    const first = (k * model.draws + draw) * model.entries;
    for (let entry = 0; entry < model.entries; entry++) found[entry] += value * model.featureWeights[first + entry];
  }
  return found;
}

/** The inverse of a symmetric positive definite matrix, by Gauss and Jordan without pivots. */
function invert(matrix) {
  const size = matrix.length;
  const rows = matrix.map((row, i) =>
    Float64Array.from({length: 2 * size}, (_, j) => (j < size ? row[j] : Number(j - size === i))),
  );
  for (let i = 0; i < size; i++) {
    const pivot = rows[i][i];
    for (let j = 0; j < 2 * size; j++) rows[i][j] /= pivot;
    for (let other = 0; other < size; other++) {
      const factor = rows[other][i];
      if (other === i || factor === 0) continue;
      for (let j = i; j < 2 * size; j++) rows[other][j] -= factor * rows[i][j];
    }
  }
  return rows.map((row) => row.subarray(size));
}

const dot = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);
const product = (matrix, vector) => Float64Array.from(matrix, (row) => dot(row, vector));

/** The posterior of one draw: the covariance P⁻¹, and the part P⁻¹ g_i of the mean from each rating. */
function foldInDraw(model, draw, rated) {
  const alpha = model.precision[draw];
  const y = rated.map(({movie}) => vectorOf(model, draw, movie));
  const weighted = y.map((vector) => vector.map((value) => alpha * value));
  const precision = Array.from({length: model.entries}, (_, row) =>
    Float64Array.from({length: model.entries}, (_, column) =>
      rated.reduce((total, _, i) => total + weighted[i][row] * y[i][column], Number(row === column)),
    ),
  );
  const covariance = invert(precision);
  const influence = rated.map(({movie, stars}, i) => {
    const target = stars - model.mean[movie] - entryOf(model, draw, 0, movie);
    const feature = featureOf(model, draw, movie);
    return product(
      covariance,
      weighted[i].map((value, entry) => value * target + feature[entry] / Math.sqrt(rated.length)),
    );
  });
  const mean = new Float64Array(model.entries);
  for (const part of influence)
    part.forEach((value, entry) => {
      mean[entry] += value;
    });
  return {covariance, influence, mean};
}

/** What EASE is given for a rating; negative for a dislike. */
export function inputOf(model, stars) {
  return model.inputs[Math.round(2 * stars) - 1];
}

/** Predicted stars of every movie: the average over the draws. */
function predict(model, draws) {
  const stars = Float32Array.from(model.mean);
  draws.forEach(({mean}, draw) => {
    for (let entry = 0; entry < model.entries; entry++) {
      const column = draw * (model.entries + 1) + entry + 1;
      const factor = (mean[entry] * model.scales[column]) / model.draws;
      const first = column * model.n;
      for (let movie = 0; movie < model.n; movie++) stars[movie] += factor * model.vectors[first + movie];
    }
  });
  return stars;
}

/** The posterior of a person, and the predicted stars of every movie. */
export function foldIn(model, ratings) {
  const rated = ratings.filter(({stars}) => stars !== null);
  const draws = model.precision.map((_, draw) => foldInDraw(model, draw, rated));
  return {rated, draws, stars: predict(model, draws)};
}

/** Variance of the prediction for a movie, between the draws and within each, without noise, in stars². */
function variance(model, person, movie) {
  let total = 0;
  let squares = 0;
  let within = 0;
  person.draws.forEach(({mean, covariance}, draw) => {
    const y = vectorOf(model, draw, movie);
    const prediction = entryOf(model, draw, 0, movie) + dot(mean, y);
    total += prediction;
    squares += prediction ** 2;
    within += dot(product(covariance, y), y);
  });
  const n = model.draws;
  return Math.max(0, squares / n - (total / n) ** 2) + within / n;
}

/** Standard deviation of the person's rating of a movie, in stars; 0 if the solver does not estimate noise. */
export function deviation(model, person, movie) {
  return Math.sqrt(variance(model, person, movie) + model.noise);
}

/** What rating a movie stands for; one seen without stars counts as one of 3.5 stars. */
const worth = (model, stars) => inputOf(model, stars ?? model.seen);

/** Σ x_i left_i over the ratings: with right_j, what they add to the estimate for movie j. */
function addUp(model, ratings) {
  const sums = new Float64Array(model.inner);
  for (const {movie, stars} of ratings) {
    const x = worth(model, stars) * model.leftScales[movie];
    const first = movie * model.inner;
    for (let k = 0; k < model.inner; k++) sums[k] += x * model.left[first + k];
  }
  return sums;
}

function addedTo(model, sums, movie) {
  const first = movie * model.inner;
  let total = 0;
  for (let k = 0; k < model.inner; k++) total += sums[k] * model.right[first + k];
  return total * model.rightScales[movie];
}

/** The liked films that add most to the estimate for a movie, the largest first. */
export function explain(model, ratings, movie) {
  const parts = ratings.map((rating) => ({...rating, added: addedTo(model, addUp(model, [rating]), movie)}));
  const least = model.reason * parts.reduce((sum, {added}) => sum + added, model.intercept[movie]);
  return parts.filter(({stars, added}) => stars >= model.seen && added > least).sort((a, b) => b.added - a.added);
}

/** How much more, or less, movies count by their genres (stages/ranking/score.py). */
function tasteOf(model, ratings) {
  const shares = model.mix.map((share) => model.prior * share);
  for (const {movie, stars} of ratings)
    if (stars >= model.relevant) for (const g of model.genres[movie]) shares[g] += 1 / model.genres[movie].length;
  const total = shares.reduce((a, b) => a + b, 0);
  const ratio = shares.map((share, g) => (model.mix[g] > 0 ? Math.log(share / total / model.mix[g]) : 0));
  const divergence = shares.reduce((sum, share, g) => sum + (share / total) * ratio[g], 0);
  return (movie) => {
    const own = model.genres[movie];
    return Math.exp((divergence * own.reduce((sum, g) => sum + ratio[g], 0)) / Math.max(1, own.length));
  };
}

/** The standard normal distribution function, to 7 digits: Abramowitz & Stegun 1964, 7.1.26 with z = x / √2. */
function normalCdf(x) {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = (series * Math.exp(-z * z)) / 2;
  return x > 0 ? 1 - tail : tail;
}

/** The ranking score of every movie (stages/ranking/score.py); `adventurous` is from 0 to 1. */
function scoreAll(model, person, ratings, adventurous) {
  const sums = addUp(model, ratings);
  const taste = tasteOf(model, ratings);
  const power = model.discount + adventurous * (1 - model.discount);
  return model.intercept.map((alone, movie) => {
    const estimate = Math.max(alone + addedTo(model, sums, movie), model.min_score);
    const liked = normalCdf((person.stars[movie] - model.relevant + 0.25) / model.deviation);
    const known = (model.evidence + model.nTraining[movie]) ** power;
    return (estimate * liked ** model.power * taste(movie)) / known;
  });
}

/** The `count` movies of the highest score that pass; at full adventure, each lowers the scores of its group. */
export function recommend(model, ratings, {count, adventurous = 0, passes = () => true, groupOf = (movie) => -movie}) {
  const person = foldIn(model, ratings);
  const scores = scoreAll(model, person, ratings, adventurous);
  const rated = new Set(ratings.map(({movie}) => movie));
  const least = Math.floor(model.evidence * adventurous); // ratings
  let left = Array.from(scores, (score, movie) => ({movie, score, group: groupOf(movie)}));
  left = left
    .filter(({movie}) => !rated.has(movie) && model.nRatings[movie] >= least && passes(movie))
    .sort((a, b) => b.score - a.score || a.movie - b.movie);
  const movies = [];
  while (left.length && movies.length < count) {
    const best = adventurous ? left.reduce((a, b) => (b.score > a.score ? b : a)) : left[movies.length];
    if (!best) break;
    movies.push(best.movie);
    if (!adventurous) continue;
    left = left.filter((each) => each !== best);
    for (const each of left) if (each.group === best.group) each.score *= 1 - model.spread * adventurous;
  }
  return {person: {...person, ratings}, movies};
}
