// Appended to the script of the page: what tests ask it.
globalThis.explorer = Object.freeze({
  screen: (id) => {
    const {x, y} = place(byId.get(String(id)));
    const {left, top} = get("canvas").getBoundingClientRect();
    return {x: left + x, y: top + y};
  },
  view: () => ({...view}),
  texts: () => boxes.filter((box) => box.movie || box.cluster),
  badges: () => boxes.filter((box) => box.badge),
  names: () => [
    ...boxes.filter((box) => box.cluster).map((box) => box.cluster.label),
    ...[...get("names").children].filter((each) => each.offsetParent).map((each) => each.textContent),
  ],
  coveredDots: () => {
    const texts = boxes.filter((box) => box.movie || box.cluster);
    const under = ({x, y}) =>
      texts.some((o) => x > o.left && x < o.left + o.width && y > o.top && y < o.top + o.height);
    return onMap.filter((movie) => under(place(movie))).length / onMap.length;
  },
  search: (text) => search(index, text, PAGE).movies.map(({id}) => Number(id)),
  find: (title) => find(index, title, null)?.dated ?? null,
  recommend: (rows, options) => {
    const given = rows.map(([id, stars]) => ({movie: byId.get(String(id)).row, stars}));
    const answer = recommendedTo(given, options);
    return {
      ids: answer.movies.map(({id}) => Number(id)),
      stars: [...answer.person.stars],
      deviation: answer.movies.map(({row}) => deviation(model, answer.person, row)),
    };
  },
  colours: () => clusters.map(({colour}) => colour).concat([0, 0.5, 1].map(between)),
  updateTime: () => {
    const began = performance.now();
    update();
    return performance.now() - began;
  },
});
