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
  drawn: () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
  lines: (selector) => {
    const lines = (element) => element.offsetHeight / Number.parseFloat(getComputedStyle(element).lineHeight);
    return Math.max(...[...document.querySelectorAll(selector)].map(lines));
  },
  lowestControl: () => {
    const controls = [...document.querySelectorAll("button, select, input:not(#file)")];
    const shown = controls.filter((element) => element.offsetParent);
    return Math.min(...shown.map((element) => element.getBoundingClientRect().height));
  },
  dropOrPaste: (way) => {
    const data = new DataTransfer();
    if (way === "drop") data.items.add(new File(["title,rating\nHeat,4"], "films.csv"));
    else data.setData("text", "Heat (1995)\nToy Story\nThe Good, the Bad and the Ugly\n");
    const options = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
    document.body.dispatchEvent(new {drop: DragEvent, paste: ClipboardEvent}[way](way, options));
  },
  colours: () => clusters.map(({colour}) => colour).concat([0, 0.5, 1].map(between)),
});
