// The attention picture: what each position looks at, head by head, at exactly the present setting. One module with
// dial_board.js, whose small helpers it uses.

const dot = (a, b) => a.reduce((sum, a_j, j) => sum + a_j * b[j], 0);

// From x0 to alpha as walk.forward goes, the dials of the board turned: n = LN1(x0), Q and K, S, softmax. Row t of a
// head holds the positions that t may look at, from firsts[t] to t itself.
function sharesAt({ made_of, moves, firsts, heads, eps }, turned) {
  const at = Object.fromEntries(Object.entries(made_of).map(([part, rows]) => [part, rows.map((row) => [...row])]));
  moves.forEach(([part, entries], d) => entries.forEach(([row, column]) => { at[part][row][column] += turned[d]; }));
  const n = at.x0.map((x) => {
    const mean = x.reduce((sum, x_j) => sum + x_j, 0) / x.length;
    const centred = x.map((x_j) => x_j - mean);
    const sigma = Math.sqrt(dot(centred, centred) / x.length + eps);
    return centred.map((c_j, j) => (at.gamma1[0][j] * c_j) / sigma + at.beta1[0][j]);
  });
  const project = (weight, [bias]) => n.map((row) => weight.map((w_i, i) => dot(w_i, row) + bias[i]));
  const Q = project(at.W_Q, at.b_Q), K = project(at.W_K, at.b_K), width = Q[0].length / heads;
  const softmax = (S) => {
    const top = Math.max(...S), grown = S.map((s) => Math.exp(s - top)), total = grown.reduce((a, b) => a + b, 0);
    return grown.map((x) => x / total);
  };
  return Array.from({ length: heads }, (_, e) => Q.map((q_t, t) => {
    const q = q_t.slice(e * width, (e + 1) * width);
    return softmax(K.slice(firsts[t], t + 1).map((k) => dot(q, k.slice(e * width, (e + 1) * width)) / Math.sqrt(width)));
  }));
}

// How large a cell is, and its number: two digits, without the 0 where it is narrow, none where it is narrower still.
function cellFor(positions) {
  if (positions <= 7) return { size: 34, font: 11.5, told: (share) => share.toFixed(2) };
  if (positions <= 12) return { size: 26, font: 10.5, told: (share) => share.toFixed(2).replace(/^0/, "") };
  return { size: 14, font: 0, told: () => "" };
}

function attention(watch) {
  const { words, scored, firsts } = watch;
  const started = sharesAt(watch, watch.moves.map(() => 0));
  const title = make("div", { class: "gw-title" });
  const readout = make("div", { class: "gw-quiet gw-readout" });
  const heads = started.map((rows, e) => attentionHead(watch, rows, e));
  const node = make("div", { class: "gw-watch", role: "group" }, title,
    make("div", { class: "gw-heads" }, ...heads.map((head) => head.node)), readout);
  let drawn = null, shares = started;

  return {
    node,
    draw(turned, dialect) {
      const name = watch.names[dialect] ?? watch.names.course;
      say(title, name);
      put(node, "aria-label", name);
      say(readout, "row: the word that looks \u00b7 column: the word it looks at \u00b7 bold: scored");
      if (drawn && same(drawn, turned)) return;
      drawn = turned;
      shares = sharesAt(watch, turned);
      heads.forEach((head, e) => head.draw(shares[e]));
    },
  };
}

// One head: a row a position, only the cells it may look at. A column's word stands on top of its first cell, where
// the picture is empty. In each cell the share as shade and number; at its foot a rail from 0 to 1 with a tick where
// the share started and a line from there to where it is now, as the knobs have it.
function attentionHead({ words, scored, firsts }, started, e) {
  const { size, font, told } = cellFor(words.length);
  const wide = (word) => 7 * word.length;
  const left = 14 + Math.max(...words.map(wide)), top = 18;
  const width = left + Math.max(...words.map((word, s) => s * size + Math.max(size, wide(word) + 2)));
  const height = top + words.length * size + 1;
  const cells = started.map((row, t) => row.map((share, k) => {
    const x = left + (firsts[t] + k) * size, y = top + t * size, rail = y + size - 4.5;
    const along = (part) => round(x + 3.5 + part * (size - 7));
    const shade = make("rect", { class: "gw-shade", x: x + 1, y: y + 1, width: size - 2, height: size - 2, rx: 3 });
    const number = make("text", { class: "gw-share", x: x + size / 2, y: y + size / 2 + font * 0.25,
      "font-size": font, "text-anchor": "middle" });
    const moved = make("path", { class: "gw-moved" });
    const tick = make("path", { class: "gw-home", d: `M${along(share)} ${rail - 2.5}v5` });
    return { shade, number, moved, tick, from: along(share), rail, along };
  }));
  const rim = words.flatMap((word, t) => [
    make("text", { class: scored[t] ? "gw-looks gw-scored" : "gw-looks", x: left - 7, y: top + (t + 0.5) * size + 4,
      "text-anchor": "end" }, word),
    make("text", { class: "gw-looked", x: left + t * size + 3, y: top + t * size - 5 }, word),
  ]);
  const picture = make("svg", { class: "gw-attention", viewBox: `0 0 ${width} ${height}`, width, height, role: "img" },
    ...rim, ...cells.flat().flatMap(({ shade, number, moved, tick }) => [shade, tick, moved, number]));

  return {
    node: make("div", { class: "gw-head-of" }, make("div", { class: "gw-quiet" }, `head ${e}`), picture),
    draw(rows) {
      rows.forEach((row, t) => row.forEach((share, k) => {
        const { shade, number, moved, from, rail, along } = cells[t][k];
        put(shade, "fill-opacity", round(0.36 * share));
        say(number, told(share));
        const now = along(share);
        put(moved, "d", Math.abs(now - from) < 0.25 ? "" : `M${from} ${rail}H${now}`);
      }));
      put(picture, "data-shares", JSON.stringify(rows));
      put(picture, "aria-label", spokenHead(rows));
    },
  };

  // The last scored rows in words, and the share that has moved most.
  function spokenHead(rows) {
    const told = rows.flatMap((row, t) => (scored[t] ? [t] : [])).slice(-3).map((t) =>
      `\u201c${words[t]}\u201d looks at ${rows[t].map((share, k) => `${words[firsts[t] + k]} ${share.toFixed(2)}`).join(", ")}`);
    return `head ${e}: ${told.join("; ")}`;
  }
}
