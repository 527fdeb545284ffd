// The dial board. Python derives, this file draws, and answers the hand without asking Python back: on the output
// layer by the closed form, elsewhere by the exact response curves that Python has sent.
// It needs a model with get, set, save_changes, on and off, so it also runs in a plain page without Jupyter.

const MINUS = "\u2212";
const SVG = "http://www.w3.org/2000/svg";
const SWEEP = 135; // degrees from straight up to the end of the scale

let boards = 0;

// ---------------------------------------------------------------------------------------------- numbers as text

function text(x, digits, sign = false) {
  const size = Math.abs(x).toFixed(digits);
  if (Number(size) === 0) return size; // never "−0.00"
  return (x < 0 ? MINUS : sign ? "+" : "") + size;
}

// At least the digits asked for, and two that count where the number is small.
function fine(x, digits, sign = false) {
  const needed = x ? Math.ceil(-Math.log10(Math.abs(x))) + 1 : 0;
  return needed > 6 ? x.toExponential(0).replaceAll("-", MINUS) : text(x, Math.max(digits, needed), sign);
}

function ticks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * (1 - 1e-9));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const marks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) marks.push(k * step);
  return { marks, digits };
}

// ------------------------------------------------------------------------------- what the loss does under the hand

const same = (a, b) => a.length === b.length && a.every((x, d) => x === b[d]);

// The output layer in closed form. Only the logits of the words on the board can move, so all other words enter the
// softmax as one number: rest, the log of the sum of their exp(z). Exact for any combination of dials.
function outputLayer(scene) {
  const columns = Math.max(scene.columns.length, 1);
  const { positions } = scene;

  const look = (turned) => positions.map(({ h, z, rest, y, z_y }) => {
    const logits = z.map((z_i, i) => h.reduce((sum, h_j, j) => sum + turned[i * columns + j] * h_j, z_i));
    const top = Math.max(...logits, rest ?? -Infinity);
    const sum = logits.reduce((s, z_i) => s + Math.exp(z_i - top), rest === null ? 0 : Math.exp(rest - top));
    const total = top + Math.log(sum);
    return { loss: total - (y < 0 ? z_y : logits[y]), p: logits.map((z_i) => Math.exp(z_i - total)) };
  });
  const mean = (numbers) => numbers.reduce((s, x) => s + x, 0) / numbers.length;

  return {
    free: true,
    look,
    loss: (turned) => mean(look(turned).map((at) => at.loss)),
    // each scored position's share of the slope, (p_i − [i = y]) h_j; the mean is the slope
    shares(turned, d, seen = look(turned)) {
      const i = Math.floor(d / columns), j = d % columns;
      return positions.map(({ h, y }, t) => ({ p: seen[t].p[i], hit: y === i, h: h[j] }))
        .map((s) => ({ ...s, value: (s.p - (s.hit ? 1 : 0)) * s.h }));
    },
    slope(turned, d, seen) {
      return { value: mean(this.shares(turned, d, seen).map((s) => s.value)), exact: true };
    },
    curve(turned, d, reach) {
      const nudges = Array.from({ length: 121 }, (_, k) => (reach * (k - 60)) / 60);
      const losses = nudges.map((nudge) => this.loss(turned.map((x, e) => (e === d ? nudge : x))));
      return { nudges, losses };
    },
  };
}

// Any other weight: the curves that Python sent. A curve holds as long as no other dial has moved since; what no
// curve and no answer covers is null, never a guess.
function deeperLayer(scene, model) {
  const { nudges } = scene;
  const holds = (turned, d) => model.get("curves").at.every((x, e) => e === d || x === turned[e]);

  return {
    free: false,
    holds,
    loss(turned) {
      const here = model.get("here"), curves = model.get("curves");
      if (same(turned, here.at)) return here.loss;
      if (turned.every((x) => x === 0)) return scene.start_loss;
      for (let d = 0; d < turned.length; d++) {
        const k = holds(turned, d) ? nudges.indexOf(turned[d]) : -1;
        if (k >= 0) return curves.losses[d][k];
      }
      return null;
    },
    slope(turned, d) {
      const here = model.get("here");
      if (same(turned, here.at)) return { value: here.slopes[d], exact: true };
      const k = holds(turned, d) ? nudges.indexOf(turned[d]) : -1;
      if (k < 0) return null;
      // until Python answers: from the neighbouring points of the curve, shown with ≈
      const y = model.get("curves").losses[d], a = Math.max(k - 1, 0), b = Math.min(k + 1, nudges.length - 1);
      return { value: (y[b] - y[a]) / (nudges[b] - nudges[a]), exact: false };
    },
    curve(turned, d) {
      return holds(turned, d) ? { nudges, losses: model.get("curves").losses[d] } : null;
    },
  };
}

// ------------------------------------------------------------------------------------------------ small DOM helpers

const SHAPES = new Set(["svg", "g", "line", "path", "circle", "rect", "text", "clipPath", "defs"]);

function make(tag, attributes = {}, ...children) {
  const node = SHAPES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function put(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function style(node, name, value) {
  if (node.style[name] !== value) node.style[name] = value;
}

function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

const round = (x) => Math.round(x * 100) / 100;

function polar(x, y, radius, degrees) {
  const a = (degrees * Math.PI) / 180;
  return `${round(x + radius * Math.sin(a))} ${round(y - radius * Math.cos(a))}`;
}

// From one angle to another along the rim; past a full turn it spirals outward, so that the laps can be counted.
function arc(x, y, radius, from, to, growth = 0) {
  const steps = Math.max(1, Math.ceil(Math.abs(to - from) / 6));
  const point = (part) => polar(x, y, radius + (growth * Math.abs(to - from) * part) / 360, from + (to - from) * part);
  return "M" + Array.from({ length: steps + 1 }, (_, s) => point(s / steps)).join("L");
}

// ------------------------------------------------------------------------------------------------------- one knob

const KNOB = { x: 32, y: 32, r: 19 };

function knob(name, range, angleOf, start, free) {
  const { x, y, r } = KNOB;
  const track = free
    ? make("circle", { class: "gw-track", cx: x, cy: y, r: r + 4 })
    : make("path", { class: "gw-track", d: arc(x, y, r + 4, angleOf(start - range), angleOf(start + range)) });
  const turnedArc = make("path", { class: "gw-arc" });
  const from = angleOf(start);
  const home = make("path", { class: "gw-home", d: `M${polar(x, y, r + 2, from)}L${polar(x, y, r + 6, from)}` });
  const hand = make("line",
    { class: "gw-hand", style: `transform-origin: ${x}px ${y}px`, x1: x, y1: y - 5, x2: x, y2: y - r + 4 });
  const arrow = make("path", { class: "gw-arrow" });
  const unknown = make("text", { class: "gw-unknown", x: 68, y: 37 }, "?");
  const value = make("div", { class: "gw-value" });
  const node = make("div", { class: "gw-knob", role: "slider", tabindex: 0, "aria-label": name,
      "aria-orientation": "vertical", "data-lm-suppress-shortcuts": "true" },
    make("svg", { viewBox: "0 2 80 60", "aria-hidden": "true" },
      make("circle", { class: "gw-ring", cx: x, cy: y, r: r + 9 }), track, home, turnedArc,
      make("circle", { class: "gw-face", cx: x, cy: y, r }), hand, arrow, unknown),
    value);

  return {
    node,
    draw({ setting, valuetext, shown, selected, help, known, stale }) {
      const angle = angleOf(setting);
      style(hand, "transform", `rotate(${round(angle)}deg)`);
      put(turnedArc, "d", Math.abs(angle - from) < 0.05 ? "" : arc(x, y, r + 4, from, angle, 3));
      say(value, shown);
      put(node, "aria-valuenow", setting);
      put(node, "aria-valuetext", valuetext);
      node.classList.toggle("gw-selected", selected);
      node.classList.toggle("gw-stale", stale);
      style(unknown, "display", known ? "none" : "");
      // 0 … 1; the square root keeps the weak ones visible. Whole pixels: an arrow that has not grown is not redrawn.
      const size = Math.sqrt(Math.abs(help)), way = Math.sign(help);
      const half = Math.round(3 + 10 * size), head = Math.round(2.5 + 3 * size);
      put(arrow, "stroke-width", Math.round(4 + 8 * size) / 4);
      put(arrow, "d", !known ? "" : size < 0.01 ? "M67 32h2"
        : `M68 ${32 + way * half}V${32 - way * half}` + // the shaft from tail to tip, then the head
          `m${-head} ${way * head}l${head} ${-way * head}l${head} ${way * head}`);
    },
  };
}

// ------------------------------------------------------------------------------------------------------- the curve

const PLOT = { width: 430, height: 248, left: 50, right: 12, top: 10, bottom: 26 };

function plot() {
  const { width, height, left, right, top, bottom } = PLOT;
  const clip = `gw-clip-${++boards}`;
  const axes = make("g", { class: "gw-axes" });
  const curve = make("path", { class: "gw-curve" });
  const tangent = make("line", { class: "gw-tangent" });
  const first = make("circle", { class: "gw-first", r: 4 });
  const dot = make("circle", { class: "gw-dot", r: 6 });
  const key = make("g", { class: "gw-key" },
    make("line", { class: "gw-tangent", x1: width - right - 148, x2: width - right - 118, y1: top + 9, y2: top + 9 }),
    make("text", { x: width - right - 110, y: top + 13 }, "slope, the gradient"));
  const inside = { x: left, y: top, width: width - left - right, height: height - top - bottom };
  const node = make("svg", { class: "gw-plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "" },
    make("defs", {}, make("clipPath", { id: clip }, make("rect", inside))),
    axes, make("g", { "clip-path": `url(#${clip})` }, curve, tangent), first, dot, key);
  let drawn = {}; // the axes are only redrawn when the numbers on them change

  return {
    node,
    draw({ label, response, start, nudge, loss, slope, floor }) {
      const hidden = response === null;
      for (const part of [curve, tangent, first, dot, key]) part.style.display = hidden ? "none" : "";
      put(node, "aria-label", label);
      node.classList.toggle("gw-hidden", hidden);
      if (hidden) { axes.replaceChildren(); drawn = {}; return; }
      const { nudges, losses } = response;
      let low = Math.min(...losses), high = Math.max(...losses);
      const spare = Math.max(0, floor - (high - low)) / 2 + 0.06 * Math.max(high - low, floor);
      low -= spare; high += spare;
      const x0 = nudges[0], x1 = nudges.at(-1);
      put(key, "transform", losses.at(-1) > losses[0] ? `translate(${left + 160 - width + right} 0)` : "");
      const X = (v) => left + ((v - x0) / (x1 - x0)) * (width - left - right);
      const Y = (v) => top + ((high - v) / (high - low)) * (height - top - bottom);
      if (drawn.losses !== losses || drawn.x0 !== x0 || drawn.start !== start) {
        drawn = { losses, x0, start };
        const across = ticks(start + x0, start + x1, 8), up = ticks(low, high, 5);
        const rule = (x1, x2, y1, y2) => make("line", { x1: round(x1), x2: round(x2), y1: round(y1), y2: round(y2) });
        const word = (x, y, anchor, words) => make("text", { x: round(x), y: round(y), "text-anchor": anchor }, words);
        axes.replaceChildren(
          word(left - 8, top + 4, "end", "loss"),
          ...up.marks.filter((v) => Y(v) > top + 14).flatMap((v) => [
            rule(left, width - right, Y(v), Y(v)),
            word(left - 8, Y(v) + 4, "end", text(v, up.digits))]),
          ...across.marks.flatMap((v) => [
            rule(X(v - start), X(v - start), height - bottom, height - bottom + 5),
            word(X(v - start), height - bottom + 19, "middle", text(v, across.digits))]));
        put(curve, "d", "M" + nudges.map((v, k) => `${round(X(v))} ${round(Y(losses[k]))}`).join("L"));
        put(first, "cx", round(X(0)));
        put(first, "cy", round(Y(losses[(losses.length - 1) / 2])));
      }
      dot.style.display = loss === null ? "none" : "";
      tangent.style.display = loss === null || slope === null ? "none" : "";
      if (loss !== null) {
        put(dot, "cx", round(X(nudge)));
        put(dot, "cy", round(Y(loss)));
      }
      if (loss !== null && slope !== null) {
        const span = 0.34 * (x1 - x0);
        put(tangent, "x1", round(X(nudge - span)));
        put(tangent, "y1", round(Y(loss - slope * span)));
        put(tangent, "x2", round(X(nudge + span)));
        put(tangent, "y2", round(Y(loss + slope * span)));
      }
    },
  };
}

// ------------------------------------------------------------------------------------------------------- the board

const PATIENCE = 10000; // milliseconds until a deeper board says that Python does not answer

function render({ model, el }) {
  const scene = model.get("scene");
  const layer = scene.kind === "output" ? outputLayer(scene) : deeperLayer(scene, model);
  const { start, reach, names } = scene;
  const several = scene.kind === "output" && scene.positions.length > 1;
  const columns = Math.max(scene.columns.length, 1);
  const digits = Math.min(6, Math.max(2, Math.ceil(-Math.log10(reach / 25)))); // so that a small step shows
  const scale = Math.max(...start.map(Math.abs)) + reach;
  const angleOf = (setting) => (SWEEP * setting) / scale;
  const limit = layer.free ? 16 * reach : reach;
  let wide = reach; // how far the curve is drawn to either side
  let hold = null; // the drag in progress
  let lastKey = { dial: -1, time: 0 };
  let frame = 0, timer = 0, patience = 0, resting = 0;
  let stepping = false; // a step of descent waits for Python's slopes
  let unanswered = false; // Python was asked for curves and has not sent them for a long time
  let cache = {};

  const turned = () => model.get("turned");
  // a dial by its name in the dialect that the page's switch of names has chosen; the course's where that has none
  const spoken = (d) => scene.spoken?.[document.body.dataset.gradwalkNames]?.[d] ?? names[d];
  const verdict = (d) => model.get("predictions")[names[d]];
  const known = (d) => model.get("shown") || Boolean(verdict(d));

  // ---- changes go to the model; it tells Python (not too often: each message makes the notebook work) and other views

  function sync(now = false) {
    if (now) { clearTimeout(timer); timer = 0; model.save_changes(); }
    else if (!timer) timer = setTimeout(() => { timer = 0; model.save_changes(); }, layer.free ? 250 : 60);
  }

  function move(next, { now = false } = {}) {
    const moved = next.map((x, d) => (x === turned()[d] ? -1 : d)).filter((d) => d >= 0);
    if (!moved.length) return;
    const unsettled = moved.filter((d) => !known(d)); // turned before it was called: settled, but not called
    const found = Object.fromEntries(unsettled.map((d) => [names[d], { said: "turned" }]));
    if (unsettled.length) model.set("predictions", { ...model.get("predictions"), ...found });
    model.set("turned", next);
    sync(now);
    soon();
  }

  function remember() {
    model.set("history", [...model.get("history").slice(-49), turned()]);
  }

  // The hand rests: a deeper board now asks Python for the curves of the other dials.
  function rest() {
    wide = reach;
    if (!layer.free) {
      model.set("settled", turned());
      if (model.get("live") && !same(model.get("curves").at, turned())) {
        clearTimeout(patience);
        patience = setTimeout(() => { unanswered = !same(model.get("curves").at, turned()); soon(); }, PATIENCE);
      }
    }
    sync(true);
    soon();
  }

  const alone = () => !layer.free && (!model.get("live") || unanswered);

  // With nobody to send fresh curves, the other dials go back to where the curves were computed.
  function base(d) {
    if (!alone() || layer.holds(turned(), d)) return turned();
    return turned().map((x, e) => (e === d ? x : model.get("curves").at[e]));
  }

  function snap(nudge) {
    const inside = Math.max(-limit, Math.min(limit, nudge));
    if (layer.free) return inside;
    const k = Math.round(((inside + reach) / (2 * reach)) * (scene.nudges.length - 1));
    return scene.nudges[k];
  }

  function turnTo(d, nudge, now) {
    move(base(d).map((x, e) => (e === d ? snap(nudge) : x)), { now });
  }

  function select(d) {
    if (model.get("selected") === d) return;
    wide = reach;
    model.set("selected", d);
    sync();
    soon();
  }

  // ---- the parts

  const reading = {
    loss: make("div", { class: "gw-loss" }),
    was: make("span", { class: "gw-quiet" }),
    title: make("div", { class: "gw-title" }),
    back: make("button", { type: "button", class: "gw-small" }, "back to the start"),
    slope: make("div", { class: "gw-slope" }),
    parts: make("div", { class: "gw-parts" }),
    ask: make("div", { class: "gw-ask" }),
    asked: make("div", { class: "gw-asked" }),
    verdict: make("span", { class: "gw-verdict", "aria-live": "polite" }),
    score: make("span", { class: "gw-score" }),
    showAll: make("button", { type: "button", class: "gw-small" }, "show all"),
  };
  const curve = plot();
  const watched = scene.watch ? attention(scene.watch) : null;
  const answers = ["rise", "fall", "stay"].map((word) => {
    const button = make("button", { type: "button", class: "gw-answer" }, word);
    button.addEventListener("click", () => call(word));
    return { word, button };
  });
  const cells = start.map((value, d) => {
    const part = knob(names[d], reach, angleOf, value, layer.free);
    listen(part.node, d);
    return part;
  });
  const bars = scene.rows.map(() => ({
    fill: make("div", { class: "gw-fill" }),
    number: make("div", { class: "gw-p" }),
  }));
  const buttons = {
    reset: make("button", { type: "button" }, "reset"),
    undo: make("button", { type: "button" }, "undo"),
    step: make("button", { type: "button" }),
  };
  const note = make("span", { class: "gw-note gw-quiet", role: "status" });

  const withBars = scene.kind === "output";
  const grid = make("div", { class: withBars ? "gw-grid gw-with-bars" : "gw-grid", style: `--gw-columns: ${columns}` });
  grid.append(make("div", { class: "gw-corner" }, scene.row_head));
  if (withBars) grid.append(make("div", { class: "gw-corner" }, several ? "mean p_i" : "p_i"));
  for (const { label, below, hint } of scene.columns.length ? scene.columns : [{ label: "", below: "", hint: "" }])
    grid.append(make("div", { class: "gw-column", title: hint },
      make("div", {}, label), make("div", { class: "gw-quiet" }, below)));
  scene.rows.forEach((row, i) => {
    const { fill, number } = bars[i];
    grid.append(make("div", { class: row.mark ? "gw-row gw-true" : "gw-row", title: row.mark }, row.label));
    if (withBars) grid.append(make("div", { class: "gw-bar" }, make("div", { class: "gw-rail" }, fill), number));
    for (let j = 0; j < columns; j++) grid.append(cells[i * columns + j].node);
  });

  reading.ask.append(reading.asked, make("div", { class: "gw-answers" }, ...answers.map((a) => a.button)));
  const about = { role: "group", "aria-label": `dial board, ${scene.name}`, "data-lm-suppress-shortcuts": "true" };
  const root = make("div", { class: "gw-board", ...about },
    make("div", { class: "gw-head" },
      ...scene.sentences.map((words) => make("span", { class: "gw-sentence" },
        ...words.flatMap(([word, scored]) => [scored ? make("b", {}, word) : word, " "]))),
      make("span", { class: "gw-quiet" }, scene.note)),
    make("div", { class: "gw-panels" },
      make("div", { class: "gw-dials" }, grid, make("div", { class: "gw-legend gw-quiet" }, scene.legend)),
      make("div", { class: "gw-reading" },
        make("div", { class: "gw-headline" }, make("div", {}, reading.loss), reading.was),
        make("div", { class: "gw-line" }, make("div", { class: "gw-wide" }, reading.title), reading.back),
        make("div", { class: "gw-stage" }, curve.node, reading.ask),
        reading.slope, reading.parts, reading.verdict,
        make("div", { class: "gw-line gw-scores" }, reading.score, reading.showAll)),
      ...(watched ? [watched.node] : [])),
    make("div", { class: "gw-foot" }, buttons.reset, buttons.undo, buttons.step, note));
  el.append(root);

  // ---- drawing: at most once a frame, and only what has changed

  function soon() {
    frame ||= requestAnimationFrame(() => { frame = 0; paint(); });
  }

  function responseOf(d, now) {
    if (!layer.free) return layer.curve(now, d);
    wide = Math.max(wide, reach * 2 ** Math.ceil(Math.log2(Math.max(1, Math.abs(now[d]) / reach) - 1e-9)));
    const others = now.map((x, e) => (e === d ? 0 : x));
    if (cache.d !== d || cache.wide !== wide || !same(cache.others, others))
      cache = { d, wide, others, response: layer.curve(now, d, wide) };
    return cache.response;
  }

  function paint() {
    const now = turned(), selected = model.get("selected"), here = layer.free ? null : model.get("here");
    const seen = layer.free ? layer.look(now) : null;
    const loss = layer.free ? seen.reduce((s, at) => s + at.loss, 0) / seen.length : layer.loss(now);
    const lossText = loss === null ? "\u2026" : text(loss, scene.loss_digits);
    const stale = !layer.free && !same(here.at, now);
    cells.forEach((part, d) => {
      const slope = layer.free ? layer.slope(now, d, seen).value : here.slopes[d];
      const setting = start[d] + now[d], shown = text(setting, digits, true);
      const end = Math.max(layer.free && d === selected ? wide : reach, Math.abs(now[d]));
      put(part.node, "aria-valuemin", start[d] - end);
      put(part.node, "aria-valuemax", start[d] + end);
      part.draw({ setting, shown, selected: d === selected, known: known(d), stale: stale && d !== selected,
        valuetext: `${spoken(d)} ${text(setting, digits)}, loss ${lossText}`,
        help: Math.abs(slope) <= scene.still ? 0 : Math.max(-1, Math.min(1, -slope / scene.steepest)) });
    });
    if (withBars) bars.forEach((bar, i) => {
      const p = seen.reduce((s, at) => s + at.p[i], 0) / seen.length;
      style(bar.fill, "transform", `scaleX(${round(p)})`);
      say(bar.number, fine(p, 3));
    });
    watched?.draw(now, document.body.dataset.gradwalkNames);
    say(reading.loss, lossText);
    style(reading.loss, "width", `${lossText.length}ch`);
    put(reading.loss, "data-loss", loss === null ? "" : loss);
    say(reading.was, `nats of loss \u00b7 was ${text(scene.start_loss, scene.loss_digits)} at the start`);
    say(reading.title, `${spoken(selected)} = ${text(start[selected] + now[selected], digits)}`);
    reading.back.disabled = now[selected] === 0;

    const slope = layer.slope(now, selected, seen), open = known(selected);
    const response = open ? responseOf(selected, now) : null;
    const told = !open ? "hidden until you have said which way it goes"
      : slope ? `with its tangent: slope ${text(slope.value, 3)}` : "at a setting that Python has not answered yet";
    curve.draw({ response, loss, start: start[selected], nudge: now[selected], slope: slope && slope.value,
      floor: scene.floor, label: `the loss against ${spoken(selected)}, ${told}` });
    sayAnswer(now, selected, slope, open, seen);
    buttons.undo.disabled = !model.get("history").length;
    buttons.reset.disabled = now.every((x) => x === 0);
    buttons.step.disabled = alone();
    say(buttons.step, `one step of descent (\u03b7 = ${model.get("eta")})`);
    const why = model.get("live") ? "Python does not answer" : "No Python here";
    say(note, alone() ? `${why}: one dial at a time, the others are held where the curves were taken.` : "");
  }

  function sayAnswer(now, d, slope, open, seen) {
    const dead = !slope || Math.abs(slope.value) <= scene.still;
    const helps = dead ? "a short turn changes nothing" : slope.value < 0 ? "up helps" : "down helps";
    let line = "", parts = [];
    if (open && slope) {
      const factors = ({ p, hit, h }) => {
        const words = scene.columns.length ? [` \u00b7 ${scene.factor}`, ` \u00d7 ${fine(h, 2)}`] : ["", ""];
        return hit ? [`(p ${MINUS} 1)${words[0]}`, `(${fine(p, 3)} ${MINUS} 1)${words[1]}`]
          : [`p${words[0]}`, `${fine(p, 3)}${words[1]}`];
      };
      if (layer.free && !several) {
        const [symbols, numbers] = factors(layer.shares(now, d, seen)[0]);
        const result = symbols === "p" ? "" : ` = ${fine(slope.value, 3)}`; // p alone is the result already
        line = `slope = ${symbols} = ${numbers}${result}: ${helps}`;
      } else if (several) {
        const shares = layer.shares(now, d, seen);
        line = `slope = mean of ${shares.length} shares = ${fine(slope.value, 3)}: ${helps}`;
        parts = shares.slice(0, 6).map((share, t) =>
          [scene.positions[t].where, `${factors(share)[1]} =`, fine(share.value, 3, true)]);
        const more = shares.slice(6).reduce((s, share) => s + share.value, 0);
        if (shares.length > 6) parts.push([`and ${shares.length - 6} more`, "their sum", fine(more, 3, true)]);
      } else {
        // what rounding leaves of a slope that is 0 is no number to show
        line = `slope ${slope.exact && !dead ? "=" : "\u2248"} ${fine(dead ? 0 : slope.value, 3)}: ${helps}`;
      }
    }
    say(reading.slope, line);
    put(reading.slope, "data-slope", open && slope ? slope.value : "");
    if (reading.parts.childElementCount !== 3 * parts.length)
      reading.parts.replaceChildren(...parts.flat().map(() => make("span")));
    parts.flat().forEach((words, k) => say(reading.parts.children[k], words));

    const mine = verdict(d);
    style(reading.ask, "display", open ? "none" : "");
    if (!open) say(reading.asked, `Turn ${spoken(d)} up. The loss will`);
    for (const { button } of answers) button.disabled = !slope;
    say(reading.verdict, !mine ? "" : mine.said === "turned" ? "You found out by turning."
      : `You said it would ${mine.said}: ${mine.right ? "\u2713 called right" : `\u2717 it would ${mine.truth}`}`);
    const all = Object.values(model.get("predictions")), called = all.filter((v) => v.said !== "turned");
    const found = all.length - called.length;
    const right = called.filter((v) => v.right).length;
    const score = [];
    if (called.length) score.push(`${right} of ${called.length} called right`);
    if (found) score.push(`${found} found by turning`);
    say(reading.score, scene.predict ? score.join(" \u00b7 ") : "");
    reading.showAll.style.display = scene.predict && !model.get("shown") && all.length < start.length ? "" : "none";
  }

  function call(word) {
    const d = model.get("selected"), slope = layer.slope(turned(), d);
    if (!slope || verdict(d)) return;
    const truth = Math.abs(slope.value) <= scene.still ? "stay" : slope.value > 0 ? "rise" : "fall";
    const mine = { said: word, truth, right: word === truth };
    model.set("predictions", { ...model.get("predictions"), [names[d]]: mine });
    sync(true);
    soon();
    cells[d].node.focus({ preventScroll: true }); // the hand goes back to the dial
  }

  // ---- the hand

  function listen(node, d) {
    node.addEventListener("focus", () => select(d));
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault(); // no text selection; focus by hand
      node.focus({ preventScroll: true });
      select(d);
      node.setPointerCapture(event.pointerId);
      hold = { d, x: event.clientX, y: event.clientY, nudge: turned()[d], begun: false };
      root.classList.add("gw-turning");
    });
    node.addEventListener("pointermove", (event) => {
      if (!hold || hold.d !== d) return;
      const pull = event.clientX - hold.x - (event.clientY - hold.y); // up or to the right turns it up
      if (!pull) return;
      Object.assign(hold, { x: event.clientX, y: event.clientY });
      const free = hold.nudge + ((pull * reach) / 110) * (event.shiftKey ? 0.1 : 1);
      hold.nudge = Math.max(-limit, Math.min(limit, free));
      if (!hold.begun && snap(hold.nudge) !== turned()[d]) { hold.begun = true; remember(); }
      if (hold.begun) turnTo(d, hold.nudge);
    });
    const release = () => {
      if (!hold || hold.d !== d) return;
      const { begun } = hold;
      hold = null;
      root.classList.remove("gw-turning");
      if (begun) rest();
    };
    node.addEventListener("pointerup", release);
    node.addEventListener("pointercancel", release);
    node.addEventListener("lostpointercapture", release);
    node.addEventListener("dblclick", () => goHome(d));
    let wheeled = 0;
    node.addEventListener("wheel", (event) => { // only the dial that has the focus, so that the page still scrolls
      if (document.activeElement !== node || event.ctrlKey) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? event.deltaY / 3 : event.deltaY / 100;
      wheeled -= lines * (event.shiftKey && layer.free ? 0.1 : 1);
      const notches = layer.free ? wheeled : Math.trunc(wheeled);
      if (!notches) return;
      wheeled -= notches;
      nudgeBy(d, (notches * reach) / 60);
    }, { passive: false });
    node.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const small = (reach / 60) * (event.shiftKey && layer.free ? 0.1 : 1);
      const way = { ArrowUp: 1, ArrowRight: 1, PageUp: 1, ArrowDown: -1, ArrowLeft: -1, PageDown: -1 }[event.key];
      if (way) nudgeBy(d, way * (event.key.startsWith("Page") ? reach / 6 : small));
      else if (event.key === "Home" || event.key === "End") nudgeTo(d, event.key === "Home" ? -reach : reach);
      else if (event.key === "Delete" || event.key === "Backspace") goHome(d);
      else if (event.key === "Escape" && hold) {
        const { begun } = hold; // let go, and as if it had not been turned
        hold = null;
        root.classList.remove("gw-turning");
        if (begun) undo();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }

  function nudgeBy(d, by) { nudgeTo(d, turned()[d] + by); }

  // Keys and wheel: presses that follow one another on one dial are one turn, for undo and for Python.
  function nudgeTo(d, nudge) {
    if (snap(nudge) === turned()[d]) return;
    const time = performance.now();
    if (lastKey.dial !== d || time - lastKey.time > 800) remember();
    lastKey = { dial: d, time };
    turnTo(d, nudge);
    clearTimeout(resting);
    resting = setTimeout(rest, 150);
  }

  function jump(next) {
    if (same(next, turned())) return;
    remember();
    lastKey = { dial: -1, time: 0 };
    move(next, { now: true });
    rest();
  }

  const goHome = (d) => jump(base(d).map((x, e) => (e === d ? 0 : x)));

  function undo() {
    const history = model.get("history");
    if (!history.length) return;
    lastKey = { dial: -1, time: 0 };
    model.set("history", history.slice(0, -1));
    move(history.at(-1), { now: true });
    rest();
  }

  function step() {
    const now = turned(), slopes = now.map((_, d) => layer.slope(now, d));
    if (slopes.some((s) => !s || !s.exact)) { stepping = true; return; } // wait for Python's slopes
    stepping = false;
    jump(now.map((x, d) => x - model.get("eta") * slopes[d].value));
  }

  reading.back.addEventListener("click", () => goHome(model.get("selected")));
  reading.showAll.addEventListener("click", () => { model.set("shown", true); sync(true); soon(); });
  buttons.reset.addEventListener("click", () => jump(turned().map(() => 0)));
  buttons.step.addEventListener("click", step);
  buttons.undo.addEventListener("click", undo);

  // ---- what Python or another view of this model changes

  const ears = ["turned", "here", "curves", "predictions", "shown", "selected", "history", "eta", "live"];
  const heard = ears.map((name) => {
    const listener = () => {
      if (name === "here" && stepping) step();
      if (name === "curves" || name === "here") unanswered = false;
      soon();
    };
    model.on(`change:${name}`, listener);
    return [name, listener];
  });
  const renamed = new MutationObserver(() => soon());
  renamed.observe(document.body, { attributes: true, attributeFilter: ["data-gradwalk-names"] });
  paint();

  return () => {
    renamed.disconnect();
    for (const [name, listener] of heard) model.off(`change:${name}`, listener);
    cancelAnimationFrame(frame);
    if (timer) sync(true); // the last turn is not lost
    clearTimeout(patience);
    clearTimeout(resting);
    root.remove();
  };
}

export default { render };
